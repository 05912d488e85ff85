/**
 * Attacks on a server: catalogues of hostile requests, a fuzz of requests by a grammar, and a load of which a part attacks. All
 * of it goes to a server on the loopback address that the tests start themselves, and ends by itself.
 */
@NullMarked
package io.github.internvl.tests.attack;

import org.jspecify.annotations.NullMarked;
