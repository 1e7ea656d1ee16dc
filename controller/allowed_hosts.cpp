#include "controller/allowed_hosts.h"

#include <algorithm>

namespace sluice::controller {

namespace {

bool Matches(std::string_view entry, const net::Url& url) {
  const bool below = entry.starts_with("*.");
  const net::Url wanted = HostOf(below ? entry.substr(2) : entry);
  if (wanted.host.empty() || (wanted.port != 0 && wanted.port != url.effective_port())) return false;
  return below ? url.host.ends_with("." + wanted.host) : url.host == wanted.host;
}

std::vector<std::string> Entries(std::string_view list) {
  std::vector<std::string> out(1);
  for (const char c : list) {
    const bool separates = c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!separates) {
      out.back() += c;
    } else if (!out.back().empty()) {
      out.emplace_back();
    }
  }
  return out;
}

}  // namespace

AllowedHosts AllowedHosts::Of(const document::Value& secret) {
  AllowedHosts out;
  const document::Value* list = secret.At({"metadata", "annotations", kAllowedHosts});
  if (list != nullptr) out.entries_ = Entries(list->text());
  return out;
}

bool AllowedHosts::Allows(const net::Url& url) const {
  if (!entries_) return true;
  return std::any_of(entries_->begin(), entries_->end(), [&url](const std::string& entry) { return Matches(entry, url); });
}

net::Url HostOf(std::string_view address) {
  const bool whole = address.find("://") != std::string_view::npos;
  const auto url = net::ParseUrl(whole ? std::string(address) : "https://" + std::string(address));
  if (!url) return {};
  const bool has_port_of_its_own = url->scheme == "http" || url->scheme == "ssh";  // registries are https
  return net::Url{.scheme = has_port_of_its_own ? url->scheme : "https", .host = url->host, .port = url->port};
}

}  // namespace sluice::controller
