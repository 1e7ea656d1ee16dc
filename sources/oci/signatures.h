// sources/oci/signatures.h: which signatures of cosign a registry holds for an artifact, and whether one is a key's. Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "sources/oci/client.h"

namespace sluice::sources::oci {

struct SignatureCheck {
  bool good = false;     ///< one of them is one key's
  std::size_t seen = 0;  ///< how many there are, as far as was looked; no more than `client`'s limits allow were checked
  std::string left_out;  ///< "", or for messages: `, of which only the first 50 were looked at (--oci-max-signatures)`
};

/// In either of cosign's formats. `keys` are PEM texts; `client` outlives the call. Errors: Invalid (a key that is none), and those of a registry that does not answer.
net::Task<base::Result<SignatureCheck>> CheckSignatures(Client& client, std::string digest, std::vector<std::string> keys);

}  // namespace sluice::sources::oci
