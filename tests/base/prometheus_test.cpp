#include "base/prometheus.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace sluice::base {
namespace {

TEST(Prometheus, APage) {
  PrometheusPage page;
  page.Begin("up_total", "counter", "How often.");
  page.Add({}, std::uint64_t{3});
  page.Begin("info", "gauge", "What \\ it\nis, \"quoted\".");
  page.Add({{"name", "a\"b\\c\nd"}, {"empty", ""}}, 1.0);
  page.Add({{"name", "ü"}}, 0.25);
  EXPECT_EQ(page.Take(),
            "# HELP up_total How often.\n# TYPE up_total counter\nup_total 3\n"
            "# HELP info What \\\\ it\\nis, \"quoted\".\n# TYPE info gauge\n"
            "info{name=\"a\\\"b\\\\c\\nd\",empty=\"\"} 1\ninfo{name=\"ü\"} 0.25\n");
}

TEST(Prometheus, Numbers) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  struct Row {
    double value;
    std::string_view want;
  };
  const Row rows[] = {{0, "0"},
                      {1, "1"},
                      {-1.5, "-1.5"},
                      {1800, "1800"},
                      {123456789, "123456789"},
                      {0.0001, "0.0001"},
                      {1e-8, "1e-08"},
                      {1e300, "1e+300"},
                      {kInf, "+Inf"},
                      {-kInf, "-Inf"},
                      {std::numeric_limits<double>::quiet_NaN(), "NaN"}};
  for (const Row& row : rows) {
    PrometheusPage page;
    page.Begin("m", "gauge", "h");
    page.Add({}, row.value);
    EXPECT_EQ(page.Take(), "# HELP m h\n# TYPE m gauge\nm " + std::string(row.want) + "\n");
  }
}

TEST(Prometheus, AHistogramIsCumulative) {
  constexpr std::array kBounds = {0.5, 1.0, 10.0};
  Histogram histogram(kBounds);
  for (const double value : {0.25, 0.5, 0.75, 11.0}) histogram.Observe(value);
  PrometheusPage page;
  page.Begin("d_seconds", "histogram", "h");
  page.Add({{"kind", "K"}}, histogram);
  EXPECT_EQ(page.Take(),
            "# HELP d_seconds h\n# TYPE d_seconds histogram\n"
            "d_seconds_bucket{kind=\"K\",le=\"0.5\"} 2\nd_seconds_bucket{kind=\"K\",le=\"1\"} 3\n"
            "d_seconds_bucket{kind=\"K\",le=\"10\"} 3\nd_seconds_bucket{kind=\"K\",le=\"+Inf\"} 4\n"
            "d_seconds_sum{kind=\"K\"} 12.5\nd_seconds_count{kind=\"K\"} 4\n");
}

TEST(Prometheus, ExponentialBoundsReachTheirLast) {
  const std::vector<double> bounds = ExponentialBounds(0.01, 1800, 10);
  ASSERT_EQ(bounds.size(), 10U);
  EXPECT_EQ(bounds.front(), 0.01);
  EXPECT_NEAR(bounds.back(), 1800, 1e-9);
  for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_NEAR(bounds[i] / bounds[i - 1], 3.8364, 1e-3);
}

}  // namespace
}  // namespace sluice::base
