// controller/secret_data.h: what a Secret holds, decoded. The values are secret: they are neither formatted nor part of any message.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "kube/client.h"

namespace sluice::controller {

/// `data` of the Secret `ns/name`, read live. Errors: those of kube::Client::Get, and Invalid; after `failed to get secret 'ns/name'`.
net::Task<base::Result<std::map<std::string, std::string>>> ReadSecretData(kube::Client& client, std::string ns, std::string name);

}  // namespace sluice::controller
