#include "helm/functions/zone.h"

#include <algorithm>

namespace sluice::helm {

namespace {

/// Big-endian numbers from the front of a file.
class Reader {
 public:
  explicit Reader(std::string_view data) : rest_(data) {}
  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }
  std::string_view Take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::int64_t Number(std::size_t size) {
    const std::string_view bytes = Take(size);
    if (bytes.empty()) return 0;
    std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Header {
  std::size_t utc_flags, standard_flags, leaps, times, types, letters;
};

Header ReadHeader(Reader& in) {
  const auto count = [&] { return static_cast<std::size_t>(std::max<std::int64_t>(0, in.Number(4))); };
  Header header{};
  header.utc_flags = count();
  header.standard_flags = count();
  header.leaps = count();
  header.times = count();
  header.types = count();
  header.letters = count();
  return header;
}

std::string_view LettersAt(std::string_view letters, std::size_t index) {
  if (index >= letters.size()) return {};
  return letters.substr(index, letters.find('\0', index) - index);
}

}  // namespace

std::shared_ptr<const Zone> Zone::Utc() {
  auto zone = std::make_shared<Zone>();
  zone->kinds_ = {ZoneTime{}};
  zone->utc_ = true;
  return zone;
}

std::shared_ptr<const Zone> Zone::Fixed(std::string name, std::int64_t offset) {
  auto zone = std::make_shared<Zone>();
  zone->kinds_ = {{offset, std::move(name)}};
  return zone;
}

std::shared_ptr<const Zone> Zone::FromTzif(std::string_view data) {
  constexpr std::size_t kReserved = 15;
  Reader in(data);
  if (in.Take(4) != "TZif") return nullptr;
  const std::string_view version = in.Take(1);
  in.Take(kReserved);
  Header header = ReadHeader(in);
  std::size_t width = 4;
  if (in.ok() && version[0] >= '2') {  // the same again with 64 bits, and that is the one to read
    in.Take(header.times * 5 + header.types * 6 + header.letters + header.leaps * 8 + header.standard_flags + header.utc_flags);
    in.Take(5 + kReserved);
    header = ReadHeader(in);
    width = 8;
  }
  if (!in.ok() || header.types == 0 || header.times > data.size() || header.types > data.size()) return nullptr;
  auto zone = std::make_shared<Zone>();
  zone->transitions_.resize(header.times);
  for (Transition& transition : zone->transitions_) transition.at = in.Number(width);
  for (Transition& transition : zone->transitions_) transition.kind = static_cast<std::size_t>(in.Number(1) & 0xFF);
  struct Raw {
    std::int64_t offset;
    std::size_t letters;
  };
  std::vector<Raw> raw(header.types);
  for (Raw& kind : raw) {
    kind.offset = in.Number(4);
    in.Take(1);
    kind.letters = static_cast<std::size_t>(in.Number(1) & 0xFF);
  }
  const std::string_view letters = in.Take(header.letters);
  for (const Raw& kind : raw) zone->kinds_.push_back({kind.offset, std::string(LettersAt(letters, kind.letters))});
  in.Take(header.leaps * (width + 4) + header.standard_flags + header.utc_flags);
  if (!in.ok()) return nullptr;
  for (const Transition& transition : zone->transitions_) {
    if (transition.kind >= zone->kinds_.size()) return nullptr;
  }
  std::string_view footer = in.rest();
  if (footer.starts_with('\n') && footer.ends_with('\n') && footer.size() > 2) zone->rule_ = footer.substr(1, footer.size() - 2);
  return zone;
}

ZoneTime Zone::At(std::int64_t unix_seconds) const {
  const auto after = std::ranges::upper_bound(transitions_, unix_seconds, {}, [](const Transition& transition) { return transition.at; });
  if (after == transitions_.end() && !rule_.empty()) {
    if (const auto by_rule = ZoneTimeByRule(rule_, unix_seconds)) return *by_rule;
  }
  if (after == transitions_.begin()) return kinds_.front();
  return kinds_[std::prev(after)->kind];
}

std::optional<std::int64_t> Zone::OffsetNamed(std::string_view name, std::int64_t unix_seconds) const {
  std::optional<std::int64_t> any;
  for (const ZoneTime& kind : kinds_) {
    if (kind.name != name) continue;
    if (At(unix_seconds - kind.offset).name == name) return kind.offset;
    if (!any) any = kind.offset;
  }
  return any;
}

}  // namespace sluice::helm
