// document/value.h: one tree for YAML and JSON. Ordered, compact, with the place and the style each node was read with, so that
// messages can point at a line and an emitter can keep what the author wrote.
// A Value is data: copying copies the tree. Not thread-safe for writing; shared as `shared_ptr<const Value>` it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::document {

enum class Kind : std::uint8_t { Null, Bool, Int, Float, Timestamp, String, Sequence, Mapping };

/// How a scalar or a collection was written. Programs that make values leave it at Any.
enum class Style : std::uint8_t { Any, Plain, SingleQuoted, DoubleQuoted, Literal, Folded, Flow, Block };

/// Line and column where a node began, both from 1; line 0 means "made by a program".
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Mark&) const = default;
};

class Value;
struct Member;

class Value {
 public:
  Value() = default;                                                   ///< null
  Value(std::nullptr_t) {}                                             // NOLINT: literals read as what they are
  Value(bool value);                                                   // NOLINT
  Value(std::int64_t value);                                           // NOLINT
  Value(int value) : Value(static_cast<std::int64_t>(value)) {}        // NOLINT
  Value(std::uint64_t value);                                          // NOLINT
  Value(double value);                                                 // NOLINT
  Value(std::string_view value);                                       // NOLINT
  Value(const std::string& value) : Value(std::string_view(value)) {}  // NOLINT
  Value(const char* value) : Value(std::string_view(value)) {}         // NOLINT
  static Value Sequence(std::vector<Value> items = {});
  static Value Mapping();
  static Value Mapping(std::vector<Member> members);  ///< keys must be distinct
  /// A scalar as read: its kind (resolved by the reader) and its source text, e.g. Int "0o17".
  static Value Scalar(Kind kind, std::string_view text, Style style = Style::Plain);

  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  Kind kind() const { return kind_; }
  Style style() const { return style_; }
  void set_style(Style style) { style_ = style; }
  Mark mark() const { return {line_, column_}; }
  void set_mark(Mark mark);
  /// A custom tag written in the source ("!!binary", "!foo"), empty for none.
  std::string_view tag() const;
  void set_tag(std::string tag);

  bool IsNull() const { return kind_ == Kind::Null; }
  bool IsBool() const { return kind_ == Kind::Bool; }
  bool IsInt() const { return kind_ == Kind::Int; }
  bool IsNumber() const { return kind_ == Kind::Int || kind_ == Kind::Float; }
  bool IsString() const { return kind_ == Kind::String; }
  bool IsScalar() const { return kind_ < Kind::Sequence; }
  bool IsSequence() const { return kind_ == Kind::Sequence; }
  bool IsMapping() const { return kind_ == Kind::Mapping; }

  // Scalars. `text` is the source text for what was read (Int "0x1F" gives "0x1F", null "~", "null" or ""), the canonical text for
  // what a program made ("" for null).
  std::string_view text() const;              ///< "" for collections
  std::optional<bool> AsBool() const;         ///< only for Kind::Bool
  std::optional<std::int64_t> AsInt() const;  ///< Kind::Int in range; a Float with no fraction as well
  std::optional<std::uint64_t> AsUint() const;
  std::optional<double> AsDouble() const;            ///< Kind::Int and Kind::Float
  std::optional<std::string_view> AsString() const;  ///< only for Kind::String

  // Sequences. `items()` of anything else is empty.
  std::span<const Value> items() const;
  std::vector<Value>& mutable_items();  ///< requires IsSequence()
  void Append(Value value);             ///< what is no sequence becomes an empty one first

  // Mappings. Members keep their order. `members()` of anything else is empty.
  std::span<const Member> members() const;
  std::vector<Member>& mutable_members();         ///< requires IsMapping()
  const Value* Find(std::string_view key) const;  ///< nullptr if absent or not a mapping
  Value* Find(std::string_view key);
  /// The node at keys one below the other, nullptr if one is absent: At({"metadata", "labels"}).
  const Value* At(std::initializer_list<std::string_view> path) const;
  Value* At(std::initializer_list<std::string_view> path);
  /// Text of the string at `path`, "" if absent or not a string.
  std::string_view StringAt(std::initializer_list<std::string_view> path) const;
  /// Sets or replaces; what is no mapping becomes an empty one first. Returns the stored value. Keeps the position of an existing key.
  Value& Set(std::string_view key, Value value);
  /// The value under `key`, created as null if absent; what is no mapping becomes an empty one first.
  Value& operator[](std::string_view key);
  bool Erase(std::string_view key);  ///< whether it was there

  std::size_t size() const;  ///< items, members, or 0
  bool empty() const { return size() == 0; }

  /// Equal as data: kinds and values, maps without order, 1 == 1.0, marks, styles and source texts ignored.
  friend bool operator==(const Value& left, const Value& right);

 private:
  struct Tagged;
  /// A scalar's text too long to sit in the node.
  struct HeapText {
    char* data;
    std::size_t size;
  };
  static constexpr std::size_t kInlineText = 24;
  union Payload {
    Payload() {}   // NOLINT: the node's constructor starts the right member's life
    ~Payload() {}  // NOLINT: likewise Destroy()
    char text[kInlineText];
    HeapText heap;
    std::vector<Value> items;
    std::vector<Member> members;
    Tagged* tagged;
  };
  // 32 bytes: 8 of header, 24 of payload. Text up to 24 bytes sits in the node; a tag, which is rare, moves the payload into a box.
  static constexpr std::uint8_t kSizeMask = 0x1F, kOnHeap = 0x40, kBoxed = 0x80;
  Kind kind_ : 4 = Kind::Null;
  Style style_ : 4 = Style::Any;
  std::uint8_t flags_ = 0;
  std::uint16_t column_ = 0;
  std::uint32_t line_ = 0;
  Payload payload_;

  const Payload& data() const;
  Payload& data();
  void SetText(std::string_view text);
  void CopyFrom(const Value& other);
  void StealFrom(Value& other) noexcept;
  void BecomeMapping();
  bool HoldsMemory() const { return kind_ >= Kind::Sequence || (flags_ & (kOnHeap | kBoxed)) != 0; }
  void Destroy(int depth = 0) noexcept;
  void DestroyChildren(int depth) noexcept;
  static void DestroyFlat(std::vector<Value>& pending) noexcept;
};

/// A key and its value. Keys are text; `key_kind` says what YAML makes of an unquoted key (`1:` is Int, `true:` Bool), which JSON refuses.
struct Member {
  std::string key;
  Value value;
  Mark key_mark = {};
  Kind key_kind = Kind::String;
  Style key_style = Style::Any;
};

static_assert(sizeof(Value) == 32, "a tree of a million nodes should stay below 100 MB");

}  // namespace sluice::document
