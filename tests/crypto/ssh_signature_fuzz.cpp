// Any bytes as an armored signature and as a list of keys: nothing that ssh-keygen did not sign is ever found good.
#include <cstdint>
#include <cstdlib>

#include "base/digest.h"
#include "crypto/ssh_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto keys = ParseAuthorizedKeys(text))
    for (const SshPublicKey& key : *keys)
      if (key.wire.find(key.type) != 4) std::abort();
  for (const std::string& armored :
       {std::string(text), "-----BEGIN SSH SIGNATURE-----\n" + sluice::base::Base64Encode(text) + "\n-----END SSH SIGNATURE-----\n"}) {
    const auto signature = ParseSshSignature(armored);
    if (!signature) continue;
    for (const char* message : {"", "nobody signed this"})
      if (VerifySshSignature(*signature, signature->key, message, "git")) std::abort();
  }
  return 0;
}
