// sops/tree.h: the values of a document, decrypted one by one. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "sops/metadata.h"

namespace sluice::sops {

/// One value as it was before it was encrypted.
struct Plain {
  document::Value value;
  bool comment = false;  ///< it was a comment; `value` is its text after the `#`
};

/// `text` (`ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`) opened. `place` is the path of its keys, each followed by ":" (":" alone at the root);
/// it was authenticated with the value. "" is "". Errors: Invalid (`Input string <redacted> does not match sops' data format`, an unknown or
/// wrong type), Unauthorized (another key, place or text).
base::Result<Plain> OpenValue(std::string_view text, std::string_view data_key, std::string_view place);

/// Called with each leaf that gives way to another value, or to a comment.
using OnReplaced = std::function<void(const document::Value& before, const Plain& after)>;

/// Decrypts all values of `document` that the rules call encrypted. What was a comment in a list is taken out of it. Errors as in
/// `Error walking tree: Could not decrypt value: … (at data.password)`.
base::Result<void> DecryptTree(document::Value& document, const Rules& rules, std::string_view data_key,
                               const OnReplaced& on_replaced = {});

/// One value of a file of lines (dotenv, INI): as DecryptTree does it at the keys `path`.
base::Result<document::Value> DecryptLeaf(const document::Value& leaf, std::initializer_list<std::string_view> path, const Rules& rules,
                                          std::string_view data_key);
/// A comment of such a file below the keys `path`; what does not open stays as it is.
std::string DecryptComment(std::string_view comment, std::string_view place, std::string_view data_key);

}  // namespace sluice::sops
