#include "service/message_cost.h"

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/support/proto_buffer_reader.h"

namespace fovea::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// The allocator's own, and the pointer in a repeated field that has grown to twice its need.
constexpr uint64_t kAllocationBytes = 32;
constexpr uint64_t kStringBytes = sizeof(std::string) + kAllocationBytes;
// An UnknownField, in a vector that has grown to twice its need.
constexpr uint64_t kUnknownBytes = 40;
constexpr uint64_t kScalarBytes = 16;

// What a message of one type takes.
struct Shape {
  struct Field {
    bool known = false;
    const Shape* message = nullptr;  // null unless the field holds messages
  };
  uint64_t bytes = 0;
  std::vector<Field> fields;  // by number
};

// Shapes of all types that were asked for. Types are few and never go.
class Shapes {
 public:
  const Shape* Of(const Message& prototype) ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    return Of(prototype.GetDescriptor());
  }

 private:
  const Shape* Of(const Descriptor* type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<Shape>& shape = shapes_[type];
    if (shape != nullptr) return shape.get();
    shape = std::make_unique<Shape>();
    Shape* const made = shape.get();  // before the map grows
    const Message* prototype = MessageFactory::generated_factory()->GetPrototype(type);
    made->bytes = prototype->SpaceUsedLong() + kAllocationBytes;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const auto number = static_cast<size_t>(field->number());
      if (made->fields.size() <= number) made->fields.resize(number + 1);
      const bool message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      const Shape* inner = message ? Of(field->message_type()) : nullptr;
      made->fields[number] = {.known = true, .message = inner};
    }
    return made;
  }

  absl::Mutex mutex_;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<Shape>> shapes_ ABSL_GUARDED_BY(mutex_);
};

const Shape* ShapeOf(const Message& prototype) {
  static Shapes& shapes = *new Shapes;
  return shapes.Of(prototype);
}

class Meter {
 public:
  Meter(CodedInputStream* input, const Shape* root, uint64_t enough)
      : in_(*input), enough_(enough), bytes_(root->bytes) {
    open_.push_back({.shape = root});
  }

  uint64_t Run() {
    while (bytes_ <= enough_) {
      const uint32_t tag = in_.ReadTag();
      if (tag != 0) {
        if (!Field(tag)) break;
      } else if (!in_.ConsumedEntireMessage() || open_.size() == 1) {
        break;
      } else {
        in_.PopLimit(open_.back().limit);
        open_.pop_back();
      }
    }
    return bytes_;
  }

 private:
  struct Open {
    const Shape* shape = nullptr;
    CodedInputStream::Limit limit = 0;  // of what it stands in
  };

  // False at bytes that no parser takes.
  bool Field(uint32_t tag) {
    const auto number = static_cast<size_t>(WireFormatLite::GetTagFieldNumber(tag));
    const std::vector<Shape::Field>& fields = open_.back().shape->fields;
    const Shape::Field field = number < fields.size() ? fields[number] : Shape::Field{};
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return Delimited(field);
      case WireFormatLite::WIRETYPE_VARINT: {
        uint64_t ignored = 0;
        bytes_ += field.known ? kScalarBytes : kUnknownBytes;
        return in_.ReadVarint64(&ignored);
      }
      case WireFormatLite::WIRETYPE_FIXED32:
        bytes_ += field.known ? kScalarBytes : kUnknownBytes;
        return in_.Skip(4);
      case WireFormatLite::WIRETYPE_FIXED64:
        bytes_ += field.known ? kScalarBytes : kUnknownBytes;
        return in_.Skip(8);
      case WireFormatLite::WIRETYPE_START_GROUP:
        bytes_ += kUnknownBytes + kStringBytes;
        return true;
      case WireFormatLite::WIRETYPE_END_GROUP:
        return true;
    }
    return false;
  }

  bool Delimited(const Shape::Field& field) {
    int length = 0;
    if (!in_.ReadVarintSizeAsInt(&length)) return false;
    if (field.message != nullptr) {
      bytes_ += field.message->bytes;
      open_.push_back({.shape = field.message, .limit = in_.PushLimit(length)});
      return true;
    }
    bytes_ += kStringBytes + (field.known ? 0 : kUnknownBytes);
    // A length that is more than there is takes nothing.
    if (!in_.Skip(length)) return false;
    bytes_ += static_cast<uint64_t>(length);
    return true;
  }

  CodedInputStream& in_;
  const uint64_t enough_;
  uint64_t bytes_;
  std::vector<Open> open_;
};

}  // namespace

uint64_t ParsedBytes(const grpc::ByteBuffer& bytes, const Message& prototype, uint64_t enough) {
  const Shape* shape = ShapeOf(prototype);
  if (!bytes.Valid()) return shape->bytes;
  grpc::ByteBuffer shared(
      bytes);  // the reader wants a buffer that it could change; slices are shared
  grpc::ProtoBufferReader reader(&shared);
  CodedInputStream input(&reader);
  return Meter(&input, shape, enough).Run();
}

}  // namespace fovea::service
