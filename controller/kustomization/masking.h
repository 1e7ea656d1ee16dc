// controller/kustomization/masking.h: a build for people to look at, who have no keys: encrypted values of Secrets are masked. The rules are the
// flux CLI's (internal/build/build.go, maskSopsData). Pure.
#pragma once

#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

/// Of a Secret that SOPS has encrypted (it has `sops:` and its MAC) every value, be it encrypted or not, and `sops` goes; of another, the values
/// that are encrypted files. Other kinds stay as they are.
void MaskSecret(document::Value& object);

/// MaskSecret, and the Secret as that CLI prints it: all of `data` is text, and a value of `stringData` what YAML makes of it without quotes.
/// Invalid: a value of `data` that is no base64, a key that is no text without quotes.
base::Result<void> MaskSecretForPrinting(document::Value& object);

}  // namespace sluice::controller::kustomization
