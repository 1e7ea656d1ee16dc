// Any bytes as an age file and as a key file: an answer or an error, and no text for an identity that nothing was sealed for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sops/age.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;  // NOLINT: a fuzz target
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const auto kIdentities = sops::ParseAgeIdentities("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX");
  if (!kIdentities) std::abort();
  if (sops::DecryptAge(bytes, {})) std::abort();
  (void)sops::DecryptAge(bytes, *kIdentities);
  if (const auto identities = sops::ParseAgeIdentities(bytes)) {
    for (const sops::AgeIdentity& identity : *identities) {
      if (identity.secret.size() != 32 || identity.recipient.size() != 32) std::abort();
    }
  }
  (void)sops::DecodeBech32(bytes, "age");
  return 0;
}
