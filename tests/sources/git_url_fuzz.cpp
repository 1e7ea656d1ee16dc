// Any text as a Git URL, as a request for an artifact, and as something to clean: what is let through keeps its promises.
#include <cstdint>
#include <cstdlib>

#include "base/utf8.h"
#include "sources/artifact/store_names.h"
#include "sources/git/credentials.h"
#include "sources/git/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto url = ParseGitUrl(text)) {
    const auto again = ParseGitUrl(url->text);
    if (!again || again->text != url->text || again->host != url->host || again->port != url->port) std::abort();
    if (!url->password.empty() && url->scheme != GitScheme::Ssh && url->text.find('@') < url->text.find('/', 8)) std::abort();
    if (url->host.starts_with('-') || url->user.starts_with('-')) std::abort();
  }
  if (const auto path = PathOfTarget(text))
    if (path->find("..") != std::string::npos && path->find("/..") != std::string::npos) std::abort();
  Credentials credentials;
  credentials.password = "canary";
  const std::string clean = Cleaned(text, credentials);
  if (clean.find("canary") != std::string::npos || clean.size() > 1024) std::abort();
  if (!sluice::base::IsUtf8(clean)) std::abort();
  for (const char c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  return 0;
}
