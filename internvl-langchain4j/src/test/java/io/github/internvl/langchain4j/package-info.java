/** Tests of the module, and the published conformance classes of LangChain4j over it. */
@NullMarked
package io.github.internvl.langchain4j;

import org.jspecify.annotations.NullMarked;
