#include "kustomize/error_list.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace sluice::kustomize {

namespace {

/// `file:` of a message that begins with `file:line`, "" for others.
std::string_view FileOf(std::string_view message) {
  for (std::size_t at = 0; (at = message.find(':', at)) != message.npos; ++at)
    if (at > 0 && at + 1 < message.size() && std::isdigit(static_cast<unsigned char>(message[at + 1])) != 0)
      return message.substr(0, at + 1);
  return {};
}

std::vector<std::string> Lines(std::string_view message) {
  const std::string begin = "\n" + std::string(FileOf(message));
  std::vector<std::string> lines;
  for (std::size_t at = 0; begin.size() > 1 && (at = message.find(begin)) != message.npos; message.remove_prefix(at + 1))
    lines.emplace_back(message.substr(0, at));
  lines.emplace_back(message);
  return lines;
}

}  // namespace

void ErrorList::Add(base::Error error) { Add("", std::move(error)); }

void ErrorList::Add(std::string_view place, base::Error error) {
  for (std::string& line : Lines(error.message)) {
    base::Error one{error.reason, std::move(line), error.retry_after};
    if (!place.empty() && !one.message.starts_with(place)) one = std::move(one).Wrap(place);
    const auto same = [&](const base::Error& other) { return other.message == one.message; };
    if (errors_.size() < kMost && std::none_of(errors_.begin(), errors_.end(), same)) errors_.push_back(std::move(one));
  }
}

void ErrorList::Add(std::string_view place, ErrorList below) {
  for (base::Error& error : below.errors_) Add(place, std::move(error));
}

bool ErrorList::Check(std::string_view place, base::Result<void> result) {
  if (result) return true;
  Add(place, std::move(result).error());
  return false;
}

bool ErrorList::full() const { return errors_.size() >= kMost || (!errors_.empty() && errors_.back().reason == base::Reason::TooLarge); }

base::Result<void> ErrorList::Finish() && {
  if (errors_.empty()) return {};
  base::Error all = std::move(errors_.front());
  for (std::size_t i = 1; i < errors_.size(); ++i) all.message += "\n" + errors_[i].message;
  if (errors_.size() >= kMost) all.message += "\nand perhaps more: only " + std::to_string(kMost) + " are shown";
  return all;
}

}  // namespace sluice::kustomize
