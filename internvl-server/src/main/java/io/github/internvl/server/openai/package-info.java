/** OpenAI's protocol with the additions of LMDeploy and vLLM: readers of requests, routes, and wire records. Internal to the server. */
@NullMarked
package io.github.internvl.server.openai;

import org.jspecify.annotations.NullMarked;
