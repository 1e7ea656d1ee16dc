#include "document/json_patch.h"

#include <charconv>
#include <utility>

#include "document/pointer.h"

namespace sluice::document {

namespace {

using base::Error;
using base::Invalid;
using base::Reason;
using base::Result;
using Op = PatchOperation::Op;

constexpr std::pair<std::string_view, Op> kOps[] = {{"add", Op::Add},   {"remove", Op::Remove}, {"replace", Op::Replace},
                                                    {"move", Op::Move}, {"copy", Op::Copy},     {"test", Op::Test}};

std::string_view NameOf(Op op) {
  for (const auto& [name, value] : kOps)
    if (value == op) return name;
  return "";
}

Result<Op> ParseOp(const Value& operation) {
  const Value* op = operation.Find("op");
  if (op == nullptr || !op->IsString()) return Invalid("no op");
  for (const auto& [name, value] : kOps)
    if (name == op->text()) return value;
  return Invalid("unknown op \"" + std::string(op->text()) + "\"");
}

Result<std::string> ParseText(const Value& operation, std::string_view key) {
  const Value* text = operation.Find(key);
  if (text == nullptr || !text->IsString()) return Invalid("no " + std::string(key));
  return std::string(text->text());
}

Result<PatchOperation> ParseOperation(const Value& operation) {
  if (!operation.IsMapping()) return Invalid("not a mapping");
  TRY(const Op op, ParseOp(operation));
  TRY(std::string path, ParseText(operation, "path"));
  PatchOperation out{.op = op, .path = std::move(path)};
  if (op == Op::Move || op == Op::Copy) {
    TRY(out.from, ParseText(operation, "from"));
  }
  if (const Value* value = operation.Find("value")) out.value = *value;
  return out;
}

std::size_t CountNodes(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items()) count += CountNodes(item);
  for (const Member& member : value.members()) count += CountNodes(member.value);
  return count;
}

/// A place in the document: the collection and the token below it. Without a parent: the document itself.
struct Place {
  Value* parent = nullptr;
  std::string token = {};
};

class Patcher {
 public:
  Patcher(Value& root, const JsonPatchOptions& options) : root_(root), options_(options), lax_(options.rules == PatchRules::Evanphx) {}

  Result<void> Apply(const PatchOperation& operation) {
    switch (operation.op) {
      case Op::Add: return Add(operation);
      case Op::Remove: return Remove(operation.path);
      case Op::Replace: return Replace(operation);
      case Op::Move: return Move(operation);
      case Op::Copy: return Copy(operation);
      case Op::Test: return Test(operation);
    }
    return {};
  }

 private:
  // Places.

  Result<std::vector<std::string>> Tokens(std::string_view path) const {
    if (!lax_ || path.empty()) return ParsePointer(path);
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return Invalid("the path has no /");
    std::vector<std::string> tokens;
    for (std::size_t at = slash; at != std::string_view::npos;) {
      const std::size_t end = path.find('/', at + 1);
      tokens.push_back(Unescape(std::string(path.substr(at + 1, end == std::string_view::npos ? end : end - at - 1))));
      at = end;
    }
    return tokens;
  }

  /// ~1 and ~0; any other ~ stays, as in Go's library.
  static std::string Unescape(std::string token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      const bool escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
      if (!escape) {
        out += token[i];
      } else {
        out += token[++i] == '0' ? '~' : '/';
      }
    }
    return out;
  }

  Result<Place> Find(std::string_view path) {
    TRY(std::vector<std::string> tokens, Tokens(path));
    if (tokens.empty()) return Place{};
    Place place{.parent = &root_, .token = std::move(tokens.back())};
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      TRY(place.parent, Child(*place.parent, tokens[i]));
    }
    if (place.parent->IsScalar()) return Invalid("\"" + place.token + "\" below a scalar");
    return place;
  }

  /// Below the document itself the library applies nothing but `replace` and `test`.
  Result<Place> FindBelowRoot(std::string_view path) {
    TRY(Place place, Find(path));
    if (place.parent == nullptr) return Invalid("the path is the whole document");
    return place;
  }

  /// Where `token` points in a list of `size` items; `end` is the largest index allowed.
  Result<std::size_t> Index(std::string_view token, std::size_t size, std::size_t end) const {
    if (lax_) return LaxIndex(token, end);
    const auto index = ListIndex(token);
    if (!index) return Invalid("\"" + std::string(token) + "\" is no index of a list");
    if (*index > end || end == static_cast<std::size_t>(-1)) return NoItem(token, size);
    return *index;
  }

  Result<std::size_t> LaxIndex(std::string_view token, std::size_t end) const {
    std::int64_t index = 0;
    std::string_view digits = token;
    if (digits.starts_with('+') && digits.size() > 1 && digits[1] != '-') digits.remove_prefix(1);
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || rest != digits.data() + digits.size())
      return Invalid("\"" + std::string(token) + "\" is no index of a list");
    const auto count = static_cast<std::int64_t>(end + 1);
    if (index < 0) index += count;
    if (index < 0 || index >= count) return NoItem(token, static_cast<std::size_t>(count));
    return static_cast<std::size_t>(index);
  }

  static Error NoItem(std::string_view token, std::size_t size) {
    return Invalid("no item " + std::string(token) + " among " + std::to_string(size));
  }

  static Error NoMember(std::string_view key) { return Invalid("no member \"" + std::string(key) + "\""); }

  Result<Value*> Child(Value& node, std::string_view token) const {
    if (node.IsMapping()) {
      Value* found = node.Find(token);
      if (found == nullptr) return NoMember(token);
      return found;
    }
    if (!node.IsSequence()) return Invalid("\"" + std::string(token) + "\" below a scalar");
    TRY(const std::size_t index, Index(token, node.size(), node.size() - 1));
    return &node.mutable_items()[index];
  }

  /// The value at a place; where the library treats a missing member as null, nullptr.
  Result<Value*> Get(const Place& place) {
    if (place.parent == nullptr) return &root_;
    if (lax_ && place.parent->IsMapping()) return place.parent->Find(place.token);
    return Child(*place.parent, place.token);
  }

  // Operations.

  Result<void> Insert(const Place& place, Value value) {
    if (place.parent == nullptr) {
      root_ = std::move(value);
      return {};
    }
    if (place.parent->IsMapping()) {
      place.parent->Set(place.token, std::move(value));
      return {};
    }
    auto& items = place.parent->mutable_items();
    std::size_t index = items.size();
    if (place.token != "-") {
      TRY(index, Index(place.token, items.size(), items.size()));
    }
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(index), std::move(value));
    return {};
  }

  Result<void> Erase(const Place& place) {
    if (place.parent->IsMapping()) {
      if (!place.parent->Erase(place.token)) return NoMember(place.token);
      return {};
    }
    auto& items = place.parent->mutable_items();
    TRY(const std::size_t index, Index(place.token, items.size(), items.size() - 1));
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
    return {};
  }

  Result<Value> ValueOf(const PatchOperation& operation) const {
    if (operation.value) return *operation.value;
    if (lax_) return Value();
    return Invalid("no value");
  }

  Result<void> Add(const PatchOperation& operation) {
    TRY(const Place place, lax_ ? FindBelowRoot(operation.path) : Find(operation.path));
    TRY(Value value, ValueOf(operation));
    return Insert(place, std::move(value));
  }

  Result<void> Remove(std::string_view path) {
    TRY(const Place place, FindBelowRoot(path));
    return Erase(place);
  }

  Result<void> Replace(const PatchOperation& operation) {
    TRY(const Place place, Find(operation.path));
    TRY(Value value, ValueOf(operation));
    if (lax_ && place.parent == nullptr && value.IsScalar()) return Invalid("the whole document can only become a mapping or a list");
    TRY(Value* const old, Get(place));
    if (old == nullptr) return Insert(place, std::move(value));
    *old = std::move(value);
    return {};
  }

  Result<void> Move(const PatchOperation& operation) {
    if (!lax_ && operation.path.starts_with(operation.from + "/")) return Invalid("a value cannot move into itself");
    TRY(const Place from, FindBelowRoot(operation.from));
    TRY(Value* const found, Get(from));
    if (found == nullptr) return NoMember(from.token);
    Value value = *found;
    TRY(Erase(from));
    TRY(const Place to, lax_ ? FindBelowRoot(operation.path) : Find(operation.path));
    return Insert(to, std::move(value));
  }

  Result<void> Copy(const PatchOperation& operation) {
    TRY(const Place from, lax_ ? FindBelowRoot(operation.from) : Find(operation.from));
    TRY(Value* const found, Get(from));
    TRY(const Place to, lax_ ? FindBelowRoot(operation.path) : Find(operation.path));
    if (found == nullptr) return Insert(to, Value());
    copied_nodes_ += CountNodes(*found);
    if (copied_nodes_ > options_.max_copied_nodes) {
      return base::MakeError(Reason::TooLarge, "copies of more than " + std::to_string(options_.max_copied_nodes) + " nodes");
    }
    Value value = *found;
    return Insert(to, std::move(value));
  }

  Result<void> Test(const PatchOperation& operation) {
    TRY(const Place place, Find(operation.path));
    TRY(const Value wanted, ValueOf(operation));
    TRY(const Value* const found, Get(place));
    const bool equal = found == nullptr ? wanted.IsNull() : *found == wanted;
    if (!equal) return Invalid("the value is another");
    return {};
  }

  Value& root_;
  const JsonPatchOptions& options_;
  bool lax_;
  std::size_t copied_nodes_ = 0;
};

}  // namespace

Result<std::vector<PatchOperation>> ParseJsonPatch(const Value& patch) {
  if (!patch.IsSequence()) return Invalid("a JSON patch must be a list of operations");
  std::vector<PatchOperation> operations;
  for (const Value& item : patch.items()) {
    auto operation = ParseOperation(item);
    if (!operation) return std::move(operation).error().Wrap("operation " + std::to_string(operations.size() + 1));
    operations.push_back(std::move(*operation));
  }
  return operations;
}

Result<void> ApplyJsonPatch(Value& target, const std::vector<PatchOperation>& patch, const JsonPatchOptions& options) {
  Value patched = target;
  Patcher patcher(patched, options);
  std::size_t number = 0;
  for (const PatchOperation& operation : patch) {
    ++number;
    if (auto applied = patcher.Apply(operation); !applied) {
      const std::string place =
          "operation " + std::to_string(number) + " (" + std::string(NameOf(operation.op)) + " " + operation.path + ")";
      return std::move(applied).error().Wrap(place);
    }
  }
  target = std::move(patched);
  return {};
}

Result<void> ApplyJsonPatch(Value& target, const Value& patch, const JsonPatchOptions& options) {
  TRY(const std::vector<PatchOperation> operations, ParseJsonPatch(patch));
  return ApplyJsonPatch(target, operations, options);
}

}  // namespace sluice::document
