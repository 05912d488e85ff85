package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("internvl.Prefill")
@Label("Prefill")
@Category("InternVL")
@Description("A step of the engine computed a part of one or several prompts")
@StackTrace(false)
final class PrefillEvent extends Event implements Trace.Span {
    @Label("Tokens")
    @Description("Tokens of prompts, visual tokens included")
    int tokens;

    @Label("Sequences")
    @Description("Requests that they belong to")
    int sequences;
}
