#include "sops/tree.h"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "crypto/ciphers.h"
#include "document/scalar.h"

namespace sluice::sops {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Kind;
using document::Member;
using document::Value;

struct Sealed {
  std::string data, iv, tag;
  std::string_view type;
};

/// Takes what stands before `end` off `rest`, and `end` with it.
std::optional<std::string_view> TakeUntil(std::string_view& rest, std::string_view end) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at + end.size());
  return taken;
}

Result<Sealed> ParseSealed(std::string_view text) {
  constexpr std::string_view kBegin = "ENC[AES256_GCM,data:";
  const Error other = Invalid("Input string <redacted> does not match sops' data format");
  if (!text.starts_with(kBegin)) return other;
  text.remove_prefix(kBegin.size());
  const auto data = TakeUntil(text, ",iv:");
  const auto iv = data ? TakeUntil(text, ",tag:") : std::nullopt;
  const auto tag = iv ? TakeUntil(text, ",type:") : std::nullopt;
  const auto type = tag ? TakeUntil(text, "]") : std::nullopt;
  if (!type) return other;
  Sealed out{.type = *type};
  for (const auto& [field, from, to] : {std::tuple("data", *data, &out.data), {"iv", *iv, &out.iv}, {"tag", *tag, &out.tag}}) {
    auto bytes = base::Base64Decode(from);
    if (!bytes) return Invalid("Error base64-decoding " + std::string(field));
    *to = std::move(*bytes);
  }
  return out;
}

/// The value that `text` was, by the word for its type.
Result<Plain> Typed(std::string text, std::string_view type) {
  const Error wrong = Invalid("the value is no " + std::string(type));
  if (type == "str" || type == "bytes") return Plain{.value = Value(text)};
  if (type == "comment") return Plain{.value = Value(text), .comment = true};
  if (type == "int") {
    std::int64_t number = 0;
    const std::size_t sign = text.starts_with("+") ? 1 : 0;
    const auto [end, error] = std::from_chars(text.data() + sign, text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return wrong;
    return Plain{.value = Value(number)};
  }
  if (type == "float") {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return wrong;
    return Plain{.value = Value(number)};
  }
  if (type == "bool") {
    for (const std::string_view word : {"True", "true", "TRUE", "t", "T", "1"}) {
      if (text == word) return Plain{.value = Value(true)};
    }
    for (const std::string_view word : {"False", "false", "FALSE", "f", "F", "0"}) {
      if (text == word) return Plain{.value = Value(false)};
    }
    return wrong;
  }
  if (type == "time") {
    if (!document::CanonicalTimestamp(text)) return wrong;
    return Plain{.value = Value::Scalar(Kind::Timestamp, text)};
  }
  return Invalid("Unknown datatype: " + std::string(type.substr(0, 32)));
}

class Walker {
 public:
  Walker(const Rules& rules, std::string_view data_key, const OnReplaced& on_replaced)
      : rules_(rules), data_key_(data_key), on_replaced_(on_replaced) {}

  Result<void> Walk(Value& value, Rules::Matched matched) {
    if (value.IsMapping()) return WalkMembers(value, matched);
    if (value.IsSequence()) return WalkItems(value, matched);
    TRY(Plain plain, Leaf(value, matched));
    Replace(value, std::move(plain));
    return {};
  }

  Rules::Matched Enter(std::string_view key, Rules::Matched matched) {
    place_ += std::string(key) + ":";
    shown_ += (shown_.empty() ? "" : ".") + std::string(key);
    return rules_.Below(matched, key);
  }

  /// The leaf as it is to be. `value` itself where it is not encrypted.
  Result<Plain> Leaf(const Value& value, Rules::Matched matched) {
    const bool sealed = value.IsString() && value.text().starts_with("ENC[");
    if (value.IsNull() || (rules_.by_comments && !sealed) || !rules_.Encrypted(matched)) return Plain{.value = value};
    if (!value.IsString()) return Failed(Invalid("Expected encrypted value as string"), false);
    Result<Plain> plain = OpenValue(value.text(), data_key_, place_.empty() ? ":" : place_);
    if (!plain) return Failed(std::move(plain).error(), true);
    return plain;
  }

 private:
  Error Failed(Error error, bool opening) const {
    error.message = "Error walking tree: " + std::string(opening ? "Could not decrypt value: " : "") + error.message;
    if (!shown_.empty()) error.message += " (at " + shown_ + ")";
    return error;
  }

  void Replace(Value& value, Plain plain) {
    if (!value.IsString() || (plain.value.IsString() && plain.value.text() == value.text())) return;
    if (on_replaced_) on_replaced_(value, plain);
    plain.value.set_mark(value.mark());
    value = std::move(plain.value);
  }

  Result<void> WalkMembers(Value& mapping, Rules::Matched matched) {
    const std::size_t place = place_.size(), shown = shown_.size();
    for (Member& member : mapping.mutable_members()) {
      TRY(Walk(member.value, Enter(member.key, matched)));
      place_.resize(place);
      shown_.resize(shown);
    }
    return {};
  }

  Result<void> WalkItems(Value& sequence, Rules::Matched matched) {
    std::vector<Value>& items = sequence.mutable_items();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].IsScalar()) {
        TRY(Plain plain, Leaf(items[i], matched));
        if (plain.comment) {
          if (on_replaced_) on_replaced_(items[i], plain);
          continue;
        }
        Replace(items[i], std::move(plain));
      } else {
        TRY(Walk(items[i], matched));
      }
      if (kept != i) items[kept] = std::move(items[i]);
      ++kept;
    }
    items.resize(kept);
    return {};
  }

  const Rules& rules_;
  const std::string_view data_key_;
  const OnReplaced& on_replaced_;
  std::string place_, shown_;
};

}  // namespace

Result<Plain> OpenValue(std::string_view text, std::string_view data_key, std::string_view place) {
  if (text.empty()) return Plain{.value = Value("")};
  TRY(const Sealed sealed, ParseSealed(text));
  auto plain = crypto::OpenAesGcm(data_key, sealed.iv, sealed.data, sealed.tag, place);
  if (!plain) return MakeError(Reason::Unauthorized, "Could not decrypt with AES_GCM: message authentication failed");
  return Typed(std::move(*plain), sealed.type);
}

Result<void> DecryptTree(Value& document, const Rules& rules, std::string_view data_key, const OnReplaced& on_replaced) {
  return Walker(rules, data_key, on_replaced).Walk(document, {});
}

Result<Value> DecryptLeaf(const Value& leaf, std::initializer_list<std::string_view> path, const Rules& rules, std::string_view data_key) {
  const OnReplaced nobody;
  Walker walker(rules, data_key, nobody);
  Rules::Matched matched;
  for (const std::string_view key : path) matched = walker.Enter(key, matched);
  TRY(Plain plain, walker.Leaf(leaf, matched));
  return std::move(plain.value);
}

std::string DecryptComment(std::string_view comment, std::string_view place, std::string_view data_key) {
  const Result<Plain> plain = OpenValue(comment, data_key, place);
  return std::string(plain ? plain->value.text() : comment);
}

}  // namespace sluice::sops
