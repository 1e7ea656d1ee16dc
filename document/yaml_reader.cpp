// YAML text to Values on libyaml's event interface.
//
// The builder keeps a stack of open collections and reads one event at a time, so the depth of a text costs no stack. Items and members of
// all open collections share two vectors, and a collection that closes moves its part into a vector of exactly that size. An anchor keeps a
// copy of its finished node; an alias copies that again, and every copied node counts against `max_nodes`, so that a "billion laughs" text
// fails early.
#include <yaml.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "document/repeated_keys.h"
#include "document/resolve.h"
#include "document/scalar.h"
#include "document/taker.h"
#include "document/yaml.h"
#include "document/yaml_input.h"
#include "document/yaml_merge.h"

namespace sluice::document {

namespace {

using base::Error;
using base::Reason;
using base::Result;

/// libyaml's parser over a text that outlives it.
class Events {
 public:
  explicit Events(std::string_view text) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  bool Next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) != 0;
  }
  /// Whether the next `count` tokens can be scanned. No event can be read after this.
  bool LookAhead(int count) {
    for (bool end = false; count > 0 && !end; --count) {
      yaml_token_t token;
      if (yaml_parser_scan(&parser_, &token) == 0) return false;
      end = token.type == YAML_STREAM_END_TOKEN || token.type == YAML_NO_TOKEN;
      yaml_token_delete(&token);
    }
    return true;
  }
  const yaml_event_t& event() const { return event_; }
  const yaml_parser_t& parser() const { return parser_; }

 private:
  yaml_parser_t parser_ = {};
  yaml_event_t event_ = {};
};

Mark MarkOf(const yaml_mark_t& mark) {
  return {.line = static_cast<std::uint32_t>(mark.line + 1), .column = static_cast<std::uint32_t>(mark.column + 1)};
}

std::string_view View(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

Style StyleOf(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return Style::SingleQuoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return Style::DoubleQuoted;
    case YAML_LITERAL_SCALAR_STYLE: return Style::Literal;
    case YAML_FOLDED_SCALAR_STYLE: return Style::Folded;
    default: return Style::Plain;
  }
}

/// A collection whose end has not been read.
struct Open {
  bool mapping = false;
  bool expects_value = false;  ///< of a mapping: the key has been read
  Style style = Style::Block;
  std::size_t first = 0;  ///< its first item in items_, or member in members_
  Mark mark = {};
  std::string tag = {};
  std::string anchor = {};
  std::size_t nodes_before = 0;
  bool has_merge = false;
  bool is_key = false;  ///< it stands where a key does
};

struct Anchor {
  Value value;
  std::size_t nodes = 0;
  bool open = true;  ///< the anchored collection has not ended
};

class Builder {
 public:
  Builder(const YamlInput& input, const YamlOptions& options, const Taker* taker)
      : input_(input), events_(input.text()), options_(options), taker_(taker) {}

  Result<std::vector<Value>> ReadAll() {
    std::vector<Value> documents;
    while (Step(documents)) {
    }
    if (failed_) return std::move(error_);
    return documents;
  }

  /// The first document; what follows is left unread. go-yaml v3 looks two tokens further ahead than v2, so it notices when what follows
  /// (often a text whose first line is indented too far) makes no sense.
  Result<Value> ReadFirst() {
    std::vector<Value> documents;
    while (documents.empty() && Step(documents)) {
    }
    if (!failed_ && !documents.empty() && options_.resolver == Resolver::GoYaml3 && !events_.LookAhead(3)) FailParser();
    if (failed_) return std::move(error_);
    return documents.empty() ? Value() : std::move(documents[0]);
  }

  /// The number of the character that libyaml refused but go-yaml may take (see YamlInput), if that is why reading failed.
  std::optional<std::size_t> RefusedCharacter() const {
    const yaml_parser_t& parser = events_.parser();
    const std::string_view problem = failed_ && parser.problem != nullptr ? parser.problem : "";
    const bool patchable = problem == "found unknown escape character" || problem == "found unexpected ':'" ||
                           (problem == "found character that cannot start any token" && options_.resolver == Resolver::GoYaml3);
    return patchable ? std::optional(parser.problem_mark.index) : std::nullopt;
  }

 private:
  /// One event; false at the end of the stream or after a failure.
  bool Step(std::vector<Value>& documents) {
    if (!events_.Next()) return FailParser();
    const yaml_event_t& event = events_.event();
    switch (event.type) {
      case YAML_STREAM_END_EVENT: return false;
      case YAML_DOCUMENT_START_EVENT: BeginDocument(); return true;
      case YAML_DOCUMENT_END_EVENT:
        if (key_problem_) return Fail(key_problem_->first, key_problem_->second);
        documents.push_back(std::move(root_));
        return true;
      case YAML_SCALAR_EVENT: return AddScalar(event);
      case YAML_ALIAS_EVENT: return AddAlias(event);
      case YAML_SEQUENCE_START_EVENT: return OpenSequence(event);
      case YAML_MAPPING_START_EVENT: return OpenMapping(event);
      case YAML_SEQUENCE_END_EVENT: return CloseSequence();
      case YAML_MAPPING_END_EVENT: return CloseMapping();
      default: return true;
    }
  }

  void BeginDocument() {
    root_ = Value();
    anchors_.clear();
    nodes_ = 0;
  }

  // Failures.

  bool Fail(Mark mark, std::string_view problem, Reason reason = Reason::Invalid) {
    if (failed_) return false;
    failed_ = true;
    std::string message;
    if (!options_.file.empty()) message.append(options_.file).append(":");
    message += std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
    error_ = base::MakeError(reason, message.append(problem));
    return false;
  }

  bool FailParser() {
    const yaml_parser_t& parser = events_.parser();
    if (parser.error == YAML_READER_ERROR) return FailReader(parser.problem, parser.problem_offset);
    std::string problem = parser.problem != nullptr ? parser.problem : "cannot be parsed";
    if (parser.context != nullptr) {
      problem.append(", ").append(parser.context);
      if (parser.context_mark.line != parser.problem_mark.line)
        problem.append(" that began at line ").append(std::to_string(parser.context_mark.line + 1));
    }
    return Fail(MarkOf(parser.problem_mark), problem);
  }

  /// The reader works ahead of the scanner, so its place is an offset into the text.
  bool FailReader(const char* problem, std::size_t offset) {
    const std::string_view before = text_before(offset);
    const std::size_t last_break = before.rfind('\n');
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column = last_break == std::string_view::npos ? before.size() + 1 : before.size() - last_break;
    return Fail({.line = static_cast<std::uint32_t>(line), .column = static_cast<std::uint32_t>(column)}, problem);
  }

  std::string_view text_before(std::size_t offset) const {
    const auto& input = events_.parser().input.string;
    const auto size = static_cast<std::size_t>(input.end - input.start);
    return {reinterpret_cast<const char*>(input.start), std::min(offset, size)};
  }

  bool CountNodes(Mark mark, std::size_t count) {
    nodes_ += count;
    if (nodes_ <= options_.max_nodes) return true;
    return Fail(mark, "more than " + std::to_string(options_.max_nodes) + " nodes, aliases expanded", Reason::TooLarge);
  }

  // Nodes.

  bool AddScalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    const Mark mark = MarkOf(event.start_mark);
    if (!CountNodes(mark, 1)) return false;
    RawScalar raw{
        .text = {reinterpret_cast<const char*>(scalar.value), scalar.length}, .tag = View(scalar.tag), .style = StyleOf(scalar.style)};
    if (input_.has_stand_ins()) raw.text = restored_ = input_.Restore(raw.text);
    if (raw.style == Style::Plain && !open_.empty() && open_.back().style == Style::Flow && raw.text.find('?') != std::string_view::npos) {
      return Fail(mark, "found unexpected '?' in a plain scalar of a flow collection");  // go-yaml ends the scalar there, libyaml does not
    }
    if (ExpectsKey()) {
      if (scalar.anchor != nullptr && !KeepScalarAnchor(raw, View(scalar.anchor), mark)) return false;
      return AddKey(raw, mark);
    }
    auto value = ResolveScalar(raw, options_.resolver);
    if (!value) return Fail(mark, value.error().message);
    value->set_mark(mark);
    if (scalar.anchor != nullptr) anchors_[std::string(View(scalar.anchor))] = {.value = *value, .nodes = 1, .open = false};
    return Attach(std::move(*value), scalar.anchor == nullptr ? 1 : 0);
  }

  bool KeepScalarAnchor(const RawScalar& raw, std::string_view anchor, Mark mark) {
    auto value = ResolveScalar(raw, options_.resolver);
    if (!value) return Fail(mark, value.error().message);
    value->set_mark(mark);
    anchors_[std::string(anchor)] = {.value = std::move(*value), .nodes = 1, .open = false};
    return true;
  }

  bool ExpectsKey() const { return !open_.empty() && open_.back().mapping && !open_.back().expects_value; }

  bool AddKey(const RawScalar& raw, Mark mark) {
    if (raw.tag.empty() && (raw.style != Style::Plain || ResolvePlain(raw.text, options_.resolver) == Kind::String)) {
      if (raw.style == Style::Plain && raw.text == "<<" && options_.merge_keys) return AddMergeKey(mark);
      return AddKeyText(std::string(raw.text), Kind::String, raw.style, mark);
    }
    if (raw.text == "<<" && options_.merge_keys && ShortTag(raw.tag) == "!!merge") return AddMergeKey(mark);
    auto key = ResolveScalar(raw, options_.resolver);
    if (!key) return Fail(mark, key.error().message);
    return AddKeyValue(*key, mark);
  }

  bool AddKeyValue(const Value& key, Mark mark) {
    if (options_.resolver == Resolver::GoYaml3 || key.IsString()) return AddKeyText(std::string(key.text()), key.kind(), key.style(), mark);
    auto text = JsonKeyText(key);
    if (!text) return Fail(mark, text.error().message);
    return AddKeyText(std::move(*text), key.kind(), key.style(), mark);
  }

  bool AddMergeKey(Mark mark) {
    open_.back().has_merge = true;
    return AddKeyText("<<", Kind::Null, Style::Plain, mark);
  }

  bool AddKeyText(std::string text, Kind kind, Style style, Mark mark) {
    members_.push_back(Member{.key = std::move(text), .value = {}, .key_mark = mark, .key_kind = kind, .key_style = style});
    open_.back().expects_value = true;
    return true;
  }

  bool AddAlias(const yaml_event_t& event) {
    const Mark mark = MarkOf(event.start_mark);
    const std::string name(View(event.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return Fail(mark, "unknown anchor '" + name + "' referenced");
    if (found->second.open) return Fail(mark, "anchor '" + name + "' value contains itself");
    if (!CountNodes(mark, found->second.nodes)) return false;
    const Value& value = found->second.value;
    if (!ExpectsKey()) return Attach(value, 0);
    if (!value.IsScalar()) return AddComplexKey(value, mark);
    return AddKeyValue(value, mark);
  }

  /// Puts a finished node where it belongs: the root, an item, or the value of the last key. `nodes`: how many are in it that nothing else holds.
  bool Attach(Value value, std::size_t nodes) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().mapping) {
      members_.back().value = std::move(value);
      open_.back().expects_value = false;
    } else {
      const auto taken = Take(value, nodes);
      if (!taken) return false;
      if (!*taken) items_.push_back(std::move(value));
    }
    return true;
  }

  /// Whether the taker took `value`, an item of the innermost collection; nullopt after a failure.
  std::optional<bool> Take(Value& value, std::size_t nodes) {
    if (taker_ == nullptr || open_.size() != taker_->depth) return false;
    std::vector<std::string_view> path;
    std::size_t end = members_.size();  // behind the last member of the mapping that is looked at
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].is_key) return false;  // what it stands in has no member yet that could name it, and the document is going to be refused
      path.insert(path.begin(), open_[i].mapping ? std::string_view(members_[end - 1].key) : std::string_view());
      if (open_[i].mapping) end = open_[i].first;
    }
    path.pop_back();  // the sequence itself
    const Mark mark = value.mark();
    auto taken = taker_->take(path, value);
    if (!taken) {
      Fail(mark, taken.error().message, taken.error().reason);
      return std::nullopt;
    }
    if (*taken) nodes_ -= nodes;
    return *taken;
  }

  bool OpenSequence(const yaml_event_t& event) {
    const auto& start = event.data.sequence_start;
    const bool flow = start.style == YAML_FLOW_SEQUENCE_STYLE;
    return OpenCollection({.mapping = false, .style = flow ? Style::Flow : Style::Block, .first = items_.size()}, event, View(start.tag),
                          View(start.anchor));
  }

  bool OpenMapping(const yaml_event_t& event) {
    const auto& start = event.data.mapping_start;
    const bool flow = start.style == YAML_FLOW_MAPPING_STYLE;
    return OpenCollection({.mapping = true, .style = flow ? Style::Flow : Style::Block, .first = members_.size()}, event, View(start.tag),
                          View(start.anchor));
  }

  bool OpenCollection(Open open, const yaml_event_t& event, std::string_view tag, std::string_view anchor) {
    open.mark = MarkOf(event.start_mark);
    if (ExpectsKey() && options_.resolver == Resolver::GoYaml3) return Fail(open.mark, "a mapping key must be a scalar");
    open.is_key = ExpectsKey();
    if (open_.size() >= options_.max_depth) {
      return Fail(open.mark, "nested deeper than " + std::to_string(options_.max_depth) + " levels", Reason::TooLarge);
    }
    open.nodes_before = nodes_;
    if (!CountNodes(open.mark, 1)) return false;
    if (!tag.empty() && tag != "!") open.tag = ShortTag(tag);
    if (!anchor.empty()) {
      open.anchor = anchor;
      anchors_[open.anchor] = Anchor();
    }
    open_.push_back(std::move(open));
    return true;
  }

  bool CloseSequence() {
    Open open = PopOpen();
    const auto from = items_.begin() + static_cast<std::ptrdiff_t>(open.first);
    Value value = Value::Sequence(std::vector<Value>(std::make_move_iterator(from), std::make_move_iterator(items_.end())));
    items_.erase(from, items_.end());
    return Finish(std::move(value), std::move(open));
  }

  bool CloseMapping() {
    Open open = PopOpen();
    const auto from = members_.begin() + static_cast<std::ptrdiff_t>(open.first);
    std::vector<Member> members(std::make_move_iterator(from), std::make_move_iterator(members_.end()));
    members_.erase(from, members_.end());
    if (!CheckKeys(members)) return false;
    if (open.has_merge) {
      if (const auto merged = ResolveMergeKeys(members, options_.resolver); !merged) return Fail(open.mark, merged.error().message);
    }
    return Finish(Value::Mapping(std::move(members)), std::move(open));
  }

  Open PopOpen() {
    Open open = std::move(open_.back());
    open_.pop_back();
    return open;
  }

  bool Finish(Value value, Open open) {
    value.set_mark(open.mark);
    value.set_style(open.style);
    value.set_tag(std::move(open.tag));
    if (!open.anchor.empty()) anchors_[open.anchor] = {.value = value, .nodes = nodes_ - open.nodes_before, .open = false};
    return open.is_key ? AddComplexKey(value, open.mark) : Attach(std::move(value), open.anchor.empty() ? nodes_ - open.nodes_before : 0);
  }

  /// go-yaml v2 refuses a map or a list as a key, but only once the whole document has been scanned: a mistake in the syntax comes first.
  bool AddComplexKey(const Value& key, Mark mark) {
    if (options_.resolver == Resolver::GoYaml3) return Fail(mark, "a mapping key must be a scalar");
    if (!key_problem_) key_problem_ = {mark, "invalid map key: " + GoSyntax(key)};
    return AddKeyText("?" + std::to_string(members_.size()), Kind::String, Style::Plain, mark);
  }

  /// No key twice, unless they are kept; with LastWins the last value takes the place of the first.
  bool CheckKeys(std::vector<Member>& members) {
    if (options_.duplicate_keys == DuplicateKeys::Keep) return true;
    const std::vector<RepeatedKey> repeated = RepeatedKeys(members);
    if (repeated.empty()) return true;
    if (options_.duplicate_keys == DuplicateKeys::LastWins) {
      LetLastWin(members, 0, repeated);
      return true;
    }
    return Fail(members[repeated[0].again].key_mark, DescribeRepeated(members, repeated[0]));
  }

  const YamlInput& input_;
  Events events_;
  const YamlOptions& options_;
  const Taker* taker_;  // null: none
  std::string restored_;
  Value root_;
  std::vector<Open> open_;
  std::vector<Value> items_;
  std::vector<Member> members_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::size_t nodes_ = 0;
  std::optional<std::pair<Mark, std::string>> key_problem_;  ///< of the current document
  bool failed_ = false;
  Error error_;
};

/// Each retry reads the text anew; so much reading is spent on it.
constexpr std::size_t kMaxRereadBytes = 32u << 20;

/// Checks the size, and reads with `read`, again if the text had to be patched on the way.
template <class T, class Function>
Result<T> Read(std::string_view text, const YamlOptions& options, const Taker* taker, const Function& read) {
  if (text.size() > options.max_bytes) {
    const std::string file = options.file.empty() ? "" : std::string(options.file) + ": ";
    return base::MakeError(Reason::TooLarge,
                           file + std::to_string(text.size()) + " bytes of YAML, the limit is " + std::to_string(options.max_bytes));
  }
  YamlInput input(text);
  for (std::size_t reread = 0;; reread += text.size()) {
    Builder builder(input, options, taker);
    Result<T> result = read(builder);
    const auto refused = builder.RefusedCharacter();
    if (!refused || reread > kMaxRereadBytes || !input.PatchAt(*refused)) return result;
    if (taker != nullptr && taker->restart) taker->restart();
  }
}

}  // namespace

Result<std::vector<Value>> ParseYamlStream(std::string_view text, const YamlOptions& options) {
  return Read<std::vector<Value>>(text, options, nullptr, [](Builder& builder) { return builder.ReadAll(); });
}

Result<Value> ParseYaml(std::string_view text, const YamlOptions& options) {
  return Read<Value>(text, options, nullptr, [](Builder& builder) { return builder.ReadFirst(); });
}

Result<Value> ParseYamlTaking(std::string_view text, const YamlOptions& options, const Taker& taker) {
  return Read<Value>(text, options, &taker, [](Builder& builder) { return builder.ReadFirst(); });
}

}  // namespace sluice::document
