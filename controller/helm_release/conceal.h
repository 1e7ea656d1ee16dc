// controller/helm_release/conceal.h: what a release took from Secrets stays out of what is said about it. Helm's messages quote values (a schema says which one
// it refuses); conditions, events and logs are read by people who may not read the Secret. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::controller::helm_release {

/// Adds to `words` what of `text` must not be shown: its scalars where it is a file of values, else (`whole`) its lines. What is shorter than six bytes is
/// left out: it would be found in any sentence.
void NoteSecrets(std::string_view text, bool whole, std::vector<std::string>& words);

/// `message` with `***` for each of `words`, the longest first.
std::string Concealed(std::string message, std::vector<std::string> words);

}  // namespace sluice::controller::helm_release
