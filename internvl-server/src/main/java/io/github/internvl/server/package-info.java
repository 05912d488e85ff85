/** An HTTP server for a loaded model, with OpenAI's protocol, additions of LMDeploy and vLLM, and a chat page. */
@NullMarked
package io.github.internvl.server;

import org.jspecify.annotations.NullMarked;
