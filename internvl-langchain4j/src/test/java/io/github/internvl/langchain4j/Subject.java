package io.github.internvl.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import io.github.internvl.InternVL;
import io.github.internvl.Precision;
import io.github.internvl.demo.DemoModel;
import io.github.internvl.web.RemoteMedia;
import java.util.List;

/**
 * The model that the conformance classes test: the checkpoint that the system property {@code internvl.model} names, or else the demo
 * model with a script of what it should know.
 */
final class Subject {
    private static final String NAMED = System.getProperty("internvl.model", "");

    /** The demo model, one for all classes of a process, which ends with it. */
    static final InternVL DEMO = InternVL.builder(DemoModel.path())
            .device("cpu")
            .precision(Precision.FLOAT32)
            .maxConcurrent(2)
            .load();

    private static final InternVL MODEL = NAMED.isEmpty() ? DEMO : InternVL.load(NAMED);

    private Subject() {}

    /** A chat model that knows the answers, and fetches the pictures of this machine. */
    static InternVLChatModel.Builder chatModel() {
        InternVLChatModel.Builder builder = InternVLChatModel.builder(MODEL)
                .remoteMedia(RemoteMedia.builder()
                        .allowPrivateHost(PictureServer.HOST)
                        .build());
        return NAMED.isEmpty() ? builder.lastChange(Knowledge.of(MODEL)) : builder;
    }

    static InternVLChatModel.Builder chatModel(ChatModelListener listener) {
        return chatModel().listeners(List.of(listener));
    }

    static String modelName() {
        return MODEL.info().name();
    }
}
