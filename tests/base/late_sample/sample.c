// A shared library for late_library_test.cpp: functions whose arguments go every way that arguments can.
#include <stdarg.h>

struct Wide {
  long words[4];
};

int late_sample_many(int a, int b, int c, int d, int e, int f, int g, int h) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}

double late_sample_variadic(int count, ...) {
  va_list list;
  va_start(list, count);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += va_arg(list, double) * (i + 1);
  va_end(list);
  return sum;
}

struct Wide late_sample_wide(long first) {
  struct Wide wide = {{first, first + 1, first + 2, first + 3}};
  return wide;
}
