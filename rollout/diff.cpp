#include "rollout/diff.h"

#include <algorithm>
#include <optional>
#include <set>

#include "document/object.h"
#include "document/yaml.h"

namespace sluice::rollout {

namespace {

using document::Member;
using document::Value;

constexpr std::string_view kMask = "***";
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

bool IsSecret(const Value& object) { return object.StringAt({"kind"}) == "Secret" && object.StringAt({"apiVersion"}) == "v1"; }

void MaskMembers(Value* map) {
  if (map == nullptr || !map->IsMapping()) return;
  for (Member& member : map->mutable_members()) member.value = Value(kMask);
}

// Without what the server keeps for itself.
Value Strip(const Value& object) {
  Value copy = object;
  copy.Erase("status");
  if (Value* metadata = copy.Find("metadata"); metadata != nullptr && metadata->IsMapping()) {
    for (const char* key : {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}) metadata->Erase(key);
  }
  return copy;
}

// A key goes into a path as it is, in brackets if it holds a dot or the like.
std::string Join(const std::string& path, std::string_view key) {
  const bool plain = key.find_first_of(".[]= ") == key.npos && !key.empty();
  if (!plain) return path + "[" + std::string(key) + "]";
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A text of several lines as its lines, a list as one line an item, everything else as YAML.
std::vector<std::string> Render(const Value& value) {
  if (value.IsString() && value.text().find('\n') != std::string_view::npos) return Lines(value.text());
  return Lines(document::EmitYaml(value));
}

// Which lines of `left` and `right` belong to a longest common subsequence.
struct Common {
  std::vector<bool> left, right;
};

Common LongestCommon(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  Common common{std::vector<bool>(left.size()), std::vector<bool>(right.size())};
  constexpr std::size_t kMaxCells = 4'000'000;  // beyond that, everything counts as changed
  if (left.size() * right.size() > kMaxCells) return common;
  const std::size_t width = right.size() + 1;
  std::vector<std::uint32_t> length((left.size() + 1) * width);
  for (std::size_t i = left.size(); i-- > 0;) {
    for (std::size_t k = right.size(); k-- > 0;) {
      length[i * width + k] =
          left[i] == right[k] ? length[(i + 1) * width + k + 1] + 1 : std::max(length[(i + 1) * width + k], length[i * width + k + 1]);
    }
  }
  for (std::size_t i = 0, k = 0; i < left.size() && k < right.size();) {
    if (left[i] == right[k])
      common.left[i++] = common.right[k++] = true;
    else if (length[(i + 1) * width + k] >= length[i * width + k + 1])
      ++i;
    else
      ++k;
  }
  return common;
}

// The key by which all items of both lists can be told apart.
std::optional<std::string_view> ItemKey(const Value& before, const Value& after) {
  constexpr std::string_view kKeys[] = {"name", "key", "mountPath",   "containerPort", "port", "ip",
                                        "id",   "uid", "topologyKey", "type",          "path", "host"};
  const auto distinct = [](const Value& list, std::string_view key) {
    std::set<std::string_view> seen;
    return std::all_of(list.items().begin(), list.items().end(), [&](const Value& item) {
      const Value* value = item.Find(key);
      return value != nullptr && value->IsScalar() && !value->IsNull() && seen.insert(value->text()).second;
    });
  };
  for (const std::string_view key : kKeys) {
    if (distinct(before, key) && distinct(after, key)) return key;
  }
  return std::nullopt;
}

const Value* FindItem(const Value& list, std::string_view key, std::string_view text) {
  const auto found =
      std::find_if(list.items().begin(), list.items().end(), [&](const Value& item) { return item.Find(key)->text() == text; });
  return found == list.items().end() ? nullptr : &*found;
}

class Differ {
 public:
  Differ(bool secret, const DiffOptions& options) : secret_(secret), options_(options) {}

  void Compare(const std::string& path, const Value& before, const Value& after) {
    if (before == after) return;
    if (before.IsMapping() && after.IsMapping()) return CompareMappings(path, before, after);
    if (before.IsSequence() && after.IsSequence()) return CompareLists(path, before, after);
    Change(path, &before, &after);
  }

  std::vector<DiffLine> Take() { return std::move(lines_); }

 private:
  bool IsMasked(const std::string& path) const {
    if (!secret_) return false;
    const auto below = [&](std::string_view map) {
      return path.starts_with(map) && path.size() > map.size() && (path[map.size()] == '.' || path[map.size()] == '[');
    };
    return below("data") || below("stringData") || path == "metadata.annotations[" + std::string(kLastApplied) + "]";
  }

  void CompareMappings(const std::string& path, const Value& before, const Value& after) {
    std::set<std::string_view> keys;
    for (const Member& member : before.members()) keys.insert(member.key);
    for (const Member& member : after.members()) keys.insert(member.key);
    for (const std::string_view key : keys) CompareMember(Join(path, key), before.Find(key), after.Find(key));
  }

  // A null and an absent member are the same.
  void CompareMember(const std::string& path, const Value* before, const Value* after) {
    if (before != nullptr && before->IsNull()) before = nullptr;
    if (after != nullptr && after->IsNull()) after = nullptr;
    if (before != nullptr && after != nullptr)
      Compare(path, *before, *after);
    else if (before != after)
      Change(path, before, after);
  }

  void CompareLists(const std::string& path, const Value& before, const Value& after) {
    const bool mappings = !before.empty() && !after.empty() && before.items()[0].IsMapping();
    const auto key = mappings ? ItemKey(before, after) : std::nullopt;
    if (key) return CompareKeyed(path, *key, before, after);
    if (mappings) return ComparePositions(path, before, after);
    Change(path, &before, &after);
  }

  void CompareKeyed(const std::string& path, std::string_view key, const Value& before, const Value& after) {
    Value order_before = Value::Sequence(), order_after = Value::Sequence();
    for (const Value& item : before.items()) {
      const std::string_view text = item.Find(key)->text();
      const Value* other = FindItem(after, key, text);
      if (other != nullptr) order_before.Append(Value(text));
      CompareMember(Item(path, key, text), &item, other);
    }
    for (const Value& item : after.items()) {
      const std::string_view text = item.Find(key)->text();
      if (FindItem(before, key, text) != nullptr)
        order_after.Append(Value(text));
      else
        CompareMember(Item(path, key, text), nullptr, &item);
    }
    if (order_before != order_after) Change(path + " (order)", &order_before, &order_after);
  }

  static std::string Item(const std::string& path, std::string_view key, std::string_view text) {
    return path + "[" + std::string(key) + "=" + std::string(text) + "]";
  }

  void ComparePositions(const std::string& path, const Value& before, const Value& after) {
    const auto at = [](const Value& list, std::size_t i) { return i < list.size() ? &list.items()[i] : nullptr; };
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      CompareMember(path + "[" + std::to_string(i) + "]", at(before, i), at(after, i));
    }
  }

  void Change(const std::string& path, const Value* before, const Value* after) {
    lines_.push_back({' ', path});
    const bool masked = IsMasked(path) || (secret_ && (path == "data" || path == "stringData"));
    const auto left = before == nullptr ? std::vector<std::string>() : Shown(*before, masked);
    const auto right = after == nullptr ? std::vector<std::string>() : Shown(*after, masked);
    const Common common = masked ? Common{std::vector<bool>(left.size()), std::vector<bool>(right.size())} : LongestCommon(left, right);
    Print('-', left, common.left);
    Print('+', right, common.right);
  }

  static std::vector<std::string> Shown(const Value& value, bool masked) {
    if (!masked) return Render(value);
    if (!value.IsMapping()) return {std::string(kMask)};
    Value copy = value;
    MaskMembers(&copy);
    return Render(copy);
  }

  void Print(char sign, const std::vector<std::string>& lines, const std::vector<bool>& common) {
    std::size_t printed = 0, cut = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (common[i]) continue;
      if (printed++ < options_.max_value_lines)
        lines_.push_back({sign, lines[i]});
      else
        ++cut;
    }
    if (cut > 0) lines_.push_back({sign, "(" + std::to_string(cut) + " more lines)"});
  }

  bool secret_;
  DiffOptions options_;
  std::vector<DiffLine> lines_;
};

std::vector<DiffLine> WholeObject(char sign, const Value& object) {
  std::vector<DiffLine> lines;
  for (std::string& line : Lines(document::EmitYaml(Strip(MaskSecret(object))))) lines.push_back({sign, std::move(line)});
  return lines;
}

}  // namespace

Value MaskSecret(Value object) {
  if (!IsSecret(object)) return object;
  MaskMembers(object.Find("data"));
  MaskMembers(object.Find("stringData"));
  if (Value* applied = object.At({"metadata", "annotations", kLastApplied})) *applied = Value(kMask);
  return object;
}

std::vector<DiffLine> DiffObjects(const Value* before, const Value* after, const DiffOptions& options) {
  if (before == nullptr && after == nullptr) return {};
  if (before == nullptr) return WholeObject('+', *after);
  if (after == nullptr) return WholeObject('-', *before);
  Differ differ(IsSecret(*before) || IsSecret(*after), options);
  differ.Compare("", Strip(*before), Strip(*after));
  return differ.Take();
}

std::string RenderDiff(const std::vector<DiffLine>& lines) {
  std::string text;
  for (const DiffLine& line : lines) {
    text += line.sign == ' ' ? "  " : std::string(1, line.sign) + " ";
    text += line.text + "\n";
  }
  return text;
}

}  // namespace sluice::rollout
