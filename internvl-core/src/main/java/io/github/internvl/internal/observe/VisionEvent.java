package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("internvl.Vision")
@Label("Vision")
@Category("InternVL")
@Description("Tiles were encoded to visual tokens")
@StackTrace(false)
final class VisionEvent extends Event implements Trace.Span {
    @Label("Tiles")
    @Description("Tiles that went through the vision encoder")
    int tiles;

    @Label("Cached Tiles")
    @Description("Tiles whose visual tokens were at hand")
    int cachedTiles;
}
