// helm/release/secret.h: the Secret that holds a release, and what we add to it. Helm ignores annotations and, when it updates a record, replaces them
// with none: so a record that carries ours was last written by us.
//
// Over 1 MiB. A Secret holds 1,048,576 bytes. A record that is larger is written with less of its chart (ChartDetail), which costs no command of Helm
// anything. If that is not enough (the manifest and the values alone are larger), the text is cut into pieces: the first is in the record's Secret, the others
// are in Secrets of a type and with labels that Helm does not look for. Helm cannot store such a release itself, and passes over this record as over any it
// cannot decode; we read it whole.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "helm/release/codec.h"
#include "helm/release/record.h"

namespace sluice::helm {

inline constexpr std::string_view kReleaseSecretType = "helm.sh/release.v1";
inline constexpr std::string_view kReleasePartType = "sluice.dev/release-part.v1";
inline constexpr std::size_t kMaxReleaseText = 1'040'000;  ///< of one Secret; leaves the later updates of a record some room

/// Where an action of ours stands, in an annotation of the record it works on.
struct ReleaseProgress {
  std::string owner;  ///< who wrote the record: "<namespace>/<name>" of the HelmRelease; "" for others, Helm's CLI and ours
  std::string event;  ///< of a pending record: the hook event it has come to ("pre-upgrade"), "" before the first; hooks before it are done
  ReleaseTime since;  ///< when that event began: a hook whose last run started earlier has not run in it
  int parts = 1;      ///< Secrets that the text is cut into
  std::string parts_key;  ///< tells the parts of this version of the record from those of another
  bool operator==(const ReleaseProgress&) const = default;
};

/// A record as it is in the cluster.
struct ReleaseRecord {
  Release release;
  ReleaseProgress progress;
  std::string resource_version;  ///< "" before it was created
};

/// "sh.helm.release.v1.web.v3"
std::string ReleaseSecretName(std::string_view name, int version);
/// `owner=helm`, and `name=…` unless that is empty.
std::string ReleaseSelector(std::string_view name);

struct ReleaseSecrets {
  document::Value record;              ///< with metadata.resourceVersion if the record has one
  std::vector<document::Value> parts;  ///< to be written before it; usually none
};
/// `record`'s parts are set to what it takes. `ns`: where it is kept. `now` is the label modifiedAt, or createdAt of a new one.
ReleaseSecrets MakeReleaseSecrets(ReleaseRecord& record, std::string_view ns, base::TimePoint now);
/// Names of the parts that `progress` speaks of.
std::vector<std::string> PartNames(std::string_view name, int version, const ReleaseProgress& progress);

/// What the annotations say, before anything is decoded.
ReleaseProgress ProgressOf(const document::Value& secret);
/// `parts`: the Secrets of PartNames, in order. Errors: Invalid, TooLarge.
base::Result<ReleaseRecord> ReadReleaseSecret(const document::Value& secret, const std::vector<document::Value>& parts, ChartPool* pool);

/// Errors: Invalid, in Helm's words (`user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]`).
base::Result<void> CheckUserLabels(const std::map<std::string, std::string>& labels);

}  // namespace sluice::helm
