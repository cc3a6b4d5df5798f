// A turn's parts as blocks: each as its API takes it, or as a note of what it was.
#ifndef FOVEA_SERVICE_WIRE_PART_BLOCKS_H_
#define FOVEA_SERVICE_WIRE_PART_BLOCKS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "core/context/context.h"
#include "service/wire/composer.h"
#include "service/wire/conversation.h"
#include "service/wire/message.h"

namespace fovea::wire {

// Of one turn. What it cannot give as it is goes into the conversation's losses.
class PartBlocks {
 public:
  // `lone`: halves of pairs that may not go out. The arguments outlive this.
  PartBlocks(const ApiRules& rules, const Turn& turn, const TurnPtr& owner,
             const absl::flat_hash_set<const Part*>& lone, Conversation* to)
      : rules_(rules), turn_(turn), owner_(owner), lone_(lone), to_(*to) {}

  // Appends the part's blocks; pictures and documents to `media`. Calls and results have none here.
  void Add(const Part& part, std::vector<Block>& blocks, std::vector<Block>& media);
  // Appends the blocks of what stands in a result. A picture or document that may not stand
  // `inside` it is a note there, and goes to `media` if the API takes it at all. `texts`: also what
  // the pages of a drawn result show.
  void Add(const ResultItem& item, bool inside, bool texts, std::vector<Block>& blocks,
           std::vector<Block>& media);

 private:
  bool Refused(std::string_view text) const;
  void AddText(std::string_view text, std::vector<Block>& blocks) const;
  void AddNote(std::string note, std::vector<Block>& blocks) const;
  void AddOpaque(const Part& part, const OpaquePart& opaque, std::vector<Block>& blocks);
  void AddDocument(const DocumentPart& document, bool allowed, bool texts,
                   std::vector<Block>& blocks, std::vector<Block>& media);
  void AddSearchResult(const SearchResultPart& found, bool allowed, bool texts,
                       std::vector<Block>& blocks);
  void AddImage(const ImagePart& image, std::vector<Block>& blocks, std::vector<Block>& media);
  bool IsSendable(const ImagePart& image) const;
  // Counts a picture or document against what the request may hold.
  bool TakeMedia();
  WireLoss& loss() { return to_.LossOf(turn_.seq); }

  const ApiRules& rules_;
  const Turn& turn_;
  const TurnPtr& owner_;
  const absl::flat_hash_set<const Part*>& lone_;
  Conversation& to_;
};

}  // namespace fovea::wire

#endif  // FOVEA_SERVICE_WIRE_PART_BLOCKS_H_
