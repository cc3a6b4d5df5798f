// Bytes of a checkpoint: numbers, strings and containers, written and read back by the same list of
// fields. What is read may be any bytes: nothing is taken for granted of it.
#ifndef FOVEA_CORE_FORGETTING_CHECKPOINT_BYTES_H_
#define FOVEA_CORE_FORGETTING_CHECKPOINT_BYTES_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace fovea {

template <class T>
concept CheckpointNumber = std::is_integral_v<T> || std::is_enum_v<T>;

// Appends what it is called with. Tables are written in the order of their keys, so that equal
// states have equal bytes. Thread-compatible.
class CheckpointWriter {
 public:
  static constexpr bool kReads = false;

  template <class... Values>
  void operator()(const Values&... values) {
    (Put(values), ...);
  }
  std::string TakeBytes() { return std::move(bytes_); }

 private:
  template <CheckpointNumber T>
  void Put(T value) {
    // Small numbers of either sign are short.
    const auto wide = static_cast<int64_t>(value);
    PutVarint((static_cast<uint64_t>(wide) << 1) ^ static_cast<uint64_t>(wide >> 63));
  }
  void PutVarint(uint64_t value) {
    constexpr uint64_t kSeven = 0x7F;
    while (value > kSeven) {
      bytes_.push_back(static_cast<char>((value & kSeven) | 0x80U));
      value >>= 7U;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void Put(double value) { PutVarint(std::bit_cast<uint64_t>(value)); }
  void Put(const std::string& value) {
    PutVarint(value.size());
    bytes_ += value;
  }
  template <class A, class B>
  void Put(const std::pair<A, B>& value) {
    (*this)(value.first, value.second);
  }
  template <class Sequence>
  void PutAll(const Sequence& values) {
    PutVarint(values.size());
    for (const auto& value : values) (*this)(value);
  }
  template <class T>
  void Put(const std::vector<T>& values) {
    PutAll(values);
  }
  template <class T>
  void Put(const std::deque<T>& values) {
    PutAll(values);
  }
  template <class K, class V>
  void Put(const std::map<K, V>& values) {
    PutAll(values);
  }
  template <class K, class V>
  void Put(const absl::flat_hash_map<K, V>& values) {
    std::vector<std::pair<K, V>> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    PutAll(sorted);
  }
  template <class T>
  void Put(const absl::flat_hash_set<T>& values) {
    std::vector<T> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    PutAll(sorted);
  }
  template <class T>
  requires std::is_class_v<T>
  void Put(const T& value) { CheckpointFields(*this, value); }

  std::string bytes_;
};

// Fills what it is called with; after bytes that are no checkpoint, ok() is false and what was
// filled means nothing. Memory is bounded by the bytes. Thread-compatible.
class CheckpointReader {
 public:
  static constexpr bool kReads = true;

  explicit CheckpointReader(std::string_view bytes) : bytes_(bytes) {}

  template <class... Values>
  void operator()(Values&... values) {
    (Take(values), ...);
  }
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  void Fail() {
    ok_ = false;
    bytes_ = {};
  }

 private:
  template <CheckpointNumber T>
  void Take(T& value) {
    const uint64_t zigzag = TakeVarint();
    value = static_cast<T>(static_cast<int64_t>((zigzag >> 1U) ^ (~(zigzag & 1U) + 1)));
  }
  uint64_t TakeVarint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    Fail();
    return 0;
  }
  void Take(double& value) { value = std::bit_cast<double>(TakeVarint()); }
  void Take(std::string& value) {
    const size_t size = TakeSize();
    value.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }
  template <class A, class B>
  void Take(std::pair<A, B>& value) {
    (*this)(value.first, value.second);
  }
  // Each value takes a byte at least.
  size_t TakeSize() {
    const uint64_t size = TakeVarint();
    if (size <= bytes_.size()) return static_cast<size_t>(size);
    Fail();
    return 0;
  }
  template <class Sequence>
  void TakeAll(Sequence& values) {
    values.clear();
    for (size_t left = TakeSize(); left > 0 && ok_; --left) (*this)(values.emplace_back());
  }
  template <class T>
  void Take(std::vector<T>& values) {
    TakeAll(values);
  }
  template <class T>
  void Take(std::deque<T>& values) {
    TakeAll(values);
  }
  template <class K, class V, class Map>
  void TakeTable(Map& values) {
    values.clear();
    for (size_t left = TakeSize(); left > 0 && ok_; --left) {
      K key{};
      (*this)(key);
      (*this)(values[std::move(key)]);
    }
  }
  template <class K, class V>
  void Take(std::map<K, V>& values) {
    TakeTable<K, V>(values);
  }
  template <class K, class V>
  void Take(absl::flat_hash_map<K, V>& values) {
    TakeTable<K, V>(values);
  }
  template <class T>
  void Take(absl::flat_hash_set<T>& values) {
    values.clear();
    for (size_t left = TakeSize(); left > 0 && ok_; --left) {
      T value{};
      (*this)(value);
      values.insert(std::move(value));
    }
  }
  template <class T>
  requires std::is_class_v<T>
  void Take(T& value) { CheckpointFields(*this, value); }

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace fovea

#endif  // FOVEA_CORE_FORGETTING_CHECKPOINT_BYTES_H_
