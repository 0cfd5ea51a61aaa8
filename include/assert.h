/*
 * Assertions: checked comments. They stay on in every build that tests run.
 */
#ifndef LOFT_ASSERT_H
#define LOFT_ASSERT_H

/*
 * Reports the broken expectation with its place and stops the machine (or, in a host test,
 * aborts).
 */
__attribute__((noreturn, cold)) void assert_failed(const char *expression, const char *file,
						   int line);

#define assert(expression) \
	(__builtin_expect(!!(expression), 1) ? (void)0 \
					     : assert_failed(#expression, __FILE__, __LINE__))

#endif
