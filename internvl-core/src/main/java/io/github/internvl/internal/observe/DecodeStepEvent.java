package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("internvl.DecodeStep")
@Label("Decode Step")
@Category("InternVL")
@Description("A step of the engine computed the next token of each answer in the making")
@StackTrace(false)
final class DecodeStepEvent extends Event implements Trace.Span {
    @Label("Sequences")
    @Description("Requests that are being answered")
    int sequences;

    @Label("Tokens")
    @Description("One for each of their answers or beams")
    int tokens;
}
