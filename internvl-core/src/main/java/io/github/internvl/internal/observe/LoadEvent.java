package io.github.internvl.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

@Name("internvl.Load")
@Label("Load")
@Category("InternVL")
@Description("The weights of a checkpoint were made ready to compute with")
@StackTrace(false)
final class LoadEvent extends Event implements Trace.Span {
    @Label("Model")
    @Description("Its id on the hub, or the name of its folder")
    String model = "";

    @Label("Precision")
    String precision = "";

    @Label("Device")
    @Description("The device that the embedding lies on")
    String device = "";

    @Label("Weights")
    @Description("Bytes of all tensors in the checkpoint's files")
    @DataAmount
    long bytes;
}
