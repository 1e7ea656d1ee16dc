#include "sources/artifact/store_names.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "sources/artifact/atomic_file.h"

namespace sluice::sources {

using base::Result;

bool IsStoreName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '.' || name.ends_with(kUnfinished)) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || std::string_view("._-:+").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

bool IsArtifactPath(std::string_view path) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t slash = path.find('/');
    if ((slash == std::string_view::npos) != (part == 3) || !IsStoreName(path.substr(0, slash))) return false;
    if (part < 3) path.remove_prefix(slash + 1);
  }
  return true;
}

Result<std::string> OwnerPath(const ArtifactOwner& owner) {
  std::string path = owner.kind;
  for (char& c : path) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string* name : {&owner.kind, &owner.namespace_, &owner.name})
    if (!IsStoreName(*name))
      return base::Invalid("artifact owner '" + owner.kind + "/" + owner.namespace_ + "/" + owner.name + "' is not allowed as a path");
  return path + "/" + owner.namespace_ + "/" + owner.name;
}

std::optional<std::string> PathOfTarget(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(1, target.find_first_of("?#") - 1);
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') {
      path += target[i];
      continue;
    }
    unsigned value = 0;
    const char* end = target.data() + i + 3;
    if (i + 2 >= target.size() || std::from_chars(target.data() + i + 1, end, value, 16).ptr != end) return std::nullopt;
    path += static_cast<char>(value);
    i += 2;
  }
  if (!IsArtifactPath(path)) return std::nullopt;
  return path;
}

std::string AdvertisedAddress(std::string_view advertised, std::string_view listen, std::string_view hostname) {
  if (!advertised.empty()) return std::string(advertised);
  const std::size_t colon = listen.rfind(':');
  const bool has_port = colon != std::string_view::npos && listen.find(']', colon) == std::string_view::npos;
  std::string host(listen.substr(0, has_port ? colon : listen.size()));
  const std::string port(has_port ? listen.substr(colon) : "");
  if (host.empty()) host = "localhost";
  if (host == "0.0.0.0") host = hostname.empty() ? "localhost" : std::string(hostname);
  return host + port;
}

}  // namespace sluice::sources
