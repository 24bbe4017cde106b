// segment_corpus FOLDER: writes the inputs that segment_fuzz begins with, one a file: for each
// policy the ring as it is, each single field damaged, and files of a wrong size.
#include <cstdio>
#include <fstream>
#include <string>

#include "segment_input.hpp"

namespace ringside {
namespace {

struct Field {
  const char* name;
  std::size_t offset;
  std::size_t bytes;
};
#define RINGSIDE_FIELD(name) \
  { #name, offsetof(SegmentHeader, name), sizeof(SegmentHeader::name) }
constexpr Field kFields[] = {
    RINGSIDE_FIELD(magic),
    RINGSIDE_FIELD(endian),
    RINGSIDE_FIELD(header_bytes),
    RINGSIDE_FIELD(version_major),
    RINGSIDE_FIELD(version_minor),
    RINGSIDE_FIELD(abi),
    RINGSIDE_FIELD(policy),
    RINGSIDE_FIELD(total_bytes),
    RINGSIDE_FIELD(element_size_bytes),
    RINGSIDE_FIELD(slot_stride),
    RINGSIDE_FIELD(capacity),
    RINGSIDE_FIELD(max_participants),
    RINGSIDE_FIELD(participant_stride),
    RINGSIDE_FIELD(control_offset),
    RINGSIDE_FIELD(participants_offset),
    RINGSIDE_FIELD(slots_offset),
    RINGSIDE_FIELD(features_required),
    RINGSIDE_FIELD(features_optional),
    RINGSIDE_FIELD(uuid),
    RINGSIDE_FIELD(created_realtime_ns),
    RINGSIDE_FIELD(creator_pid),
    RINGSIDE_FIELD(slot_count),
    RINGSIDE_FIELD(payload_offset),
    RINGSIDE_FIELD(reserved),
    RINGSIDE_FIELD(crc32c),
};
#undef RINGSIDE_FIELD

constexpr const char* kPolicies[] = {"spsc", "mpsc", "mpmc"};  // the first of fuzzRings()

class Corpus {
 public:
  explicit Corpus(std::string folder) : folder_(std::move(folder)) {}

  void add(const std::string& name, const SegmentInput& input) {
    const std::vector<std::uint8_t> bytes = encode(input);
    std::ofstream file(folder_ + "/" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    written_ += file.good();
    ++asked_;
  }
  bool allWritten() const { return written_ == asked_; }
  int count() const { return written_; }

 private:
  std::string folder_;
  int written_ = 0;
  int asked_ = 0;
};

SegmentInput inputOf(std::uint8_t ring) {
  SegmentInput input;
  input.made = input.asked = ring;
  return input;
}

void addFields(Corpus& corpus, const std::string& policy, const SegmentInput& whole) {
  for (const Field& field : kFields) {
    SegmentInput input = whole;
    input.edits = {{.offset = static_cast<std::uint8_t>(field.offset),
                    .change = Change::Add,
                    .width = static_cast<std::uint8_t>(field.bytes < 8 ? field.bytes : 8),
                    .value = 1}};
    // A damaged checksum stays; any other damage is hidden behind a checksum that fits.
    const bool is_checksum = field.offset == offsetof(SegmentHeader, crc32c);
    input.checksum = is_checksum ? Checksum::AsItWas : Checksum::Recomputed;
    corpus.add(policy + "-" + field.name, input);
  }
}

void addSizes(Corpus& corpus, const std::string& policy, const SegmentInput& whole) {
  const auto total = static_cast<std::uint32_t>(fuzzRings()[whole.made].total_bytes);
  const std::uint32_t sizes[] = {0, 255, 256, 4096, total - 4096, total - 1, total + 1, total * 2};
  for (const std::uint32_t size : sizes) {
    SegmentInput input = whole;
    input.file_size = FileSize::Given;
    input.given_bytes = size;
    corpus.add(policy + "-" + std::to_string(size) + "-bytes", input);
  }
}

int writeCorpus(const std::string& folder) {
  Corpus corpus(folder);
  for (std::uint8_t ring = 0; ring < std::size(kPolicies); ++ring) {
    const std::string policy = kPolicies[ring];
    const SegmentInput whole = inputOf(ring);
    corpus.add(policy, whole);
    SegmentInput other = whole;
    other.asked = static_cast<std::uint8_t>((ring + 1) % std::size(kPolicies));
    corpus.add(policy + "-as-another", other);
    addFields(corpus, policy, whole);
    addSizes(corpus, policy, whole);
  }
  std::printf("%d inputs in %s\n", corpus.count(), folder.c_str());
  return corpus.allWritten() ? 0 : 1;
}

}  // namespace
}  // namespace ringside

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: segment_corpus FOLDER\n");
    return 2;
  }
  return ringside::writeCorpus(argv[1]);
}
