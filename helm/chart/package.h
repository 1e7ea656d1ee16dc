// helm/chart/package.h: a chart becomes the archive that `helm package` would make of it, the same bytes for the same chart. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "helm/chart/chart.h"

namespace sluice::helm {

/// The .tgz of `chart`: below a folder of its name Chart.yaml (written anew from the metadata), Chart.lock (v2), values.yaml as it is in `values_text`,
/// values.schema.json, templates, files, and the dependencies, unpacked, in charts/. As Helm's chartutil.Save, but without times.
/// Errors: Invalid `chart validation: validation: …` (a name that is a path, a version that is none), `invalid JSON in values.schema.json`; TooLarge.
base::Result<std::string> Package(const Chart& chart);

/// Puts `text` in the place of values.yaml. Whether it was another text.
/// Errors: Invalid `failed to locate values file: values.yaml`, and those of reading it as values.
base::Result<bool> ReplaceValues(Chart& chart, std::string text);

}  // namespace sluice::helm
