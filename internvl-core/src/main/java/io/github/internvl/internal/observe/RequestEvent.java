package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A request from its arrival to its end. Its server begins the event, fills it in and commits it. */
@Name("internvl.Request")
@Label("Request")
@Category("InternVL")
@Description("A request was answered, failed, or was refused")
@StackTrace(false)
public final class RequestEvent extends Event {
    @Label("Request")
    @Description("Its number in the order of arrival at its model, from 1")
    public long id;

    @Label("Prompt Tokens")
    @Description("All tokens of the prompt, visual tokens included")
    public int promptTokens;

    @Label("Visual Tokens")
    public int visualTokens;

    @Label("Cached Tokens")
    @Description("Tokens of the prompt that were computed for an earlier request")
    public int cachedTokens;

    @Label("Generated Tokens")
    @Description("Tokens of all answers")
    public int generatedTokens;

    @Label("Finish Reason")
    @Description("stop, length, loop or cancelled; error if it failed, rejected if it was refused")
    public String finishReason = "";

    @Label("Failed")
    public boolean failed;

    @Label("Queued")
    @Description("From its arrival to a slot")
    @Timespan(Timespan.NANOSECONDS)
    public long queued;

    @Label("Time To First Token")
    @Description("From its arrival; 0 if no token came")
    @Timespan(Timespan.NANOSECONDS)
    public long timeToFirstToken;
}
