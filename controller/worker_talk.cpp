#include "controller/worker_talk.h"

#include <malloc.h>
#include <unistd.h>

#include <utility>

namespace sluice::controller {

using base::Reason;
using base::Result;
using isolation::Channel;
using isolation::Frame;
using isolation::Packer;
using isolation::Unpacker;

void PackTexts(Packer& to, const std::vector<std::string>& texts) {
  to.Number(texts.size());
  for (const std::string& text : texts) to.Text(text);
}

std::string PackError(const base::Error& error) {
  return Packer().Number(1 + static_cast<std::uint64_t>(error.reason)).Text(error.message).Take();
}

std::string PackAnswer(const Result<std::string>& text) {
  if (!text) return PackError(text.error());
  return Packer().Number(0).Text(*text).Take();
}

Result<void> TalkToJob(Channel& child, const Frame& job, std::uint8_t answer_type,
                       const std::function<Result<std::optional<std::string>>(const Frame&)>& hear) {
  TRY(child.Send(job.type, {job.bytes}));
  while (true) {
    TRY(const Frame frame, child.Receive());
    TRY(const std::optional<std::string> answer, hear(frame));
    if (!answer) return {};
    TRY(child.Send(answer_type, {*answer}));
  }
}

std::string AskParent(Channel& parent, std::uint8_t what, std::string_view bytes) {
  if (!parent.Send(what, {bytes})) _exit(0);
  Result<Frame> answer = parent.Receive();
  if (!answer) _exit(0);
  return std::move(answer->bytes);
}

Result<std::string> OpenAnswer(std::string answer) {
  Unpacker in(answer);
  const std::uint64_t outcome = in.Number();
  if (outcome != 0) return base::MakeError(static_cast<Reason>(outcome - 1), std::string(in.Text()));
  answer.erase(0, 8);
  return answer;
}

Result<std::string> OpenTextAnswer(std::string answer) {
  TRY(std::string text, OpenAnswer(std::move(answer)));
  text.erase(0, 8);  // its length
  return text;
}

void GiveBackMemory() {
  constexpr std::size_t kKept = 8u << 20;
  if (mallinfo2().fordblks > kKept) malloc_trim(0);
}

}  // namespace sluice::controller
