package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("internvl.Preprocess")
@Label("Preprocess")
@Category("InternVL")
@Description("The pictures of a request were cut into tiles")
@StackTrace(false)
final class PreprocessEvent extends Event implements Trace.Span {
    @Label("Pictures")
    int pictures;

    @Label("Tiles")
    @Description("Tiles of all pictures, thumbnails included")
    int tiles;
}
