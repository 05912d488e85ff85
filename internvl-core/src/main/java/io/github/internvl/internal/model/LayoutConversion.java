package io.github.internvl.internal.model;

import io.github.internvl.CheckpointException;
import io.github.internvl.InternVLException;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.LayoutFiles;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.checkpoint.ModelConfig.LanguageConfig;
import io.github.internvl.internal.checkpoint.SafeTensorsWriter;
import io.github.internvl.internal.checkpoint.StoredTensor;
import io.github.internvl.internal.model.MovedTensor.Span;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A checkpoint in another layout: each tensor under its other name, bit for bit, and the files beside them. The tables that bind
 * weights to graphs give the names; matrices that one layout has in one piece are taken apart as transformers' own conversion
 * does, and put together again. Tensors are streamed from file to file.
 */
public final class LayoutConversion {
    /** InternLM2's matrix: the query heads of each key head beside it. */
    private static final String GROUPED = "grouped";

    private final Map<String, StoredTensor> sources = new HashMap<>();
    private final LanguageConfig llm;

    private LayoutConversion(Checkpoint checkpoint, List<Weight> weights) {
        this.llm = checkpoint.config().language();
        for (Weight weight : weights) {
            StoredTensor stored = checkpoint.tensors().get(weight.stored());
            if (stored != null) {
                sources.put(weight.name(), stored);
            }
        }
    }

    /** A layout to write. */
    public enum Target {
        /** OpenGVLab's, {@code model_type} internvl_chat. */
        OFFICIAL,
        /** That of transformers, {@code *-hf}. */
        HF;

        private ModelConfig.Layout layout() {
            return this == HF ? ModelConfig.Layout.NATIVE : ModelConfig.Layout.OFFICIAL;
        }
    }

    /**
     * Writes a checkpoint in another layout.
     *
     * @param from its folder
     * @param to a folder for the other files, new or empty
     * @throws CheckpointException if a file is missing or damaged, or says what the other layout cannot say
     * @throws InternVLException if a file cannot be written
     */
    public static void run(Path from, Path to, Target target) {
        Checkpoint checkpoint = Checkpoint.open(from);
        if (checkpoint.config().layout() == target.layout()) {
            throw new InternVLException(from + ": is in the layout "
                    + target.name().toLowerCase(Locale.ROOT) + " already; name the other one");
        }
        try {
            requireEmpty(to);
            List<List<Weight>> graphs = graphs(checkpoint.config(), Optional.of(checkpoint));
            WeightLoader.check(checkpoint, graphs.stream().flatMap(List::stream).toList());
            LayoutFiles files = LayoutFiles.write(checkpoint, to, target.layout());
            List<List<Weight>> wanted = graphs(files.config(), Optional.empty());
            List<MovedTensor> moved = new ArrayList<>();
            for (int graph = 0; graph < graphs.size(); graph++) {
                LayoutConversion conversion = new LayoutConversion(checkpoint, graphs.get(graph));
                wanted.get(graph).forEach(weight -> conversion.moved(weight).ifPresent(moved::add));
            }
            SafeTensorsWriter.write(to, moved);
            files.finish();
        } catch (IOException e) {
            throw new InternVLException(to + ": the checkpoint cannot be written: " + e, e);
        }
    }

    private static void requireEmpty(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> entries = Files.list(folder)) {
                if (entries.findAny().isPresent()) {
                    throw new InternVLException(
                            folder + ": must be a new or an empty folder, so that no file of another"
                                    + " checkpoint stays in it; name another one");
                }
            }
        }
    }

    /** The weights of the vision graph and of the language model; a name can be in both. */
    private static List<List<Weight>> graphs(ModelConfig config, Optional<Checkpoint> found) {
        Layout layout = Layout.of(
                config, found.map(checkpoint -> checkpoint.tensors().keySet()).orElseGet(Set::of));
        return List.of(layout.vision(), layout.language());
    }

    /** A tensor of the other layout; empty for a head that the checkpoint has not. */
    private Optional<MovedTensor> moved(Weight wanted) {
        List<Span> spans = spans(wanted);
        if (spans.isEmpty()) {
            if (wanted.optional()) {
                return Optional.empty();
            }
            throw new CheckpointException("no tensor for " + wanted.stored() + " in the layout that is converted");
        }
        int axis = wanted.packed() || wanted.name().endsWith(".scales") ? 1 : 0;
        return Optional.of(new MovedTensor(wanted.stored(), wanted.shape(), axis, spans));
    }

    private List<Span> spans(Weight wanted) {
        StoredTensor same = sources.get(wanted.name());
        if (same != null) {
            return List.of(Span.whole(same));
        }
        int unit = wanted.packed() ? WeightTable.PER_INT : 1;
        for (String part : List.of("qkv", "q", "k", "v")) {
            Optional<Joint> joint = Joint.of(wanted.name(), part);
            if (joint.isPresent()) {
                return spans(joint.get(), wanted, unit);
            }
        }
        return List.of();
    }

    /**
     * A place in a matrix of queries, keys and values.
     *
     * @param before the name of the tensor up to the matrix's, {@code layers.0.} and, in the language model, {@code w}
     * @param part {@code qkv}, which is InternLM2's grouped matrix in the language model, {@code q}, {@code k} or {@code v}
     * @param suffix {@code .weight} and the like
     */
    private record Joint(String before, String part, String suffix) {
        static Optional<Joint> of(String name, String part) {
            int dot = name.lastIndexOf('.');
            if (part.equals("qkv") && name.substring(0, dot).endsWith("." + GROUPED)) {
                return Optional.of(
                        new Joint(name.substring(0, dot - GROUPED.length()) + "w", part, name.substring(dot)));
            }
            for (String before : List.of(".w", ".")) {
                if (name.substring(0, dot).endsWith(before + part)) {
                    return Optional.of(new Joint(name.substring(0, dot - part.length()), part, name.substring(dot)));
                }
            }
            return Optional.empty();
        }

        String named(String other) {
            boolean grouped = isLanguage() && other.equals("qkv");
            return grouped ? before.substring(0, before.length() - 1) + GROUPED + suffix : before + other + suffix;
        }

        boolean isLanguage() {
            return before.endsWith("w");
        }
    }

    private List<Span> spans(Joint joint, Weight wanted, int unit) {
        boolean whole = joint.part().equals("qkv");
        List<Span> spans = new ArrayList<>();
        int groups = joint.isLanguage() ? llm.kvHeads() : 1;
        for (int group = 0; group < groups; group++) {
            long at = group * (rows(joint, "q") + rows(joint, "k") + rows(joint, "v"));
            for (String part : List.of("q", "k", "v")) {
                long rows = rows(joint, part);
                StoredTensor source = sources.get(joint.named(whole ? part : "qkv"));
                if (source == null) {
                    return List.of();
                }
                if (whole) {
                    spans.add(Span.of(source, group * rows, rows, unit, wanted.stored()));
                } else if (part.equals(joint.part())) {
                    spans.add(Span.of(source, at, rows, unit, wanted.stored()));
                }
                at += rows;
            }
        }
        return spans;
    }

    /** Rows of queries, keys or values in a group: InternLM2 has a key head, with the query heads that share it, after another. */
    private long rows(Joint joint, String part) {
        if (!joint.isLanguage()) {
            return visionWidth(joint);
        }
        return part.equals("q") ? (long) llm.heads() / llm.kvHeads() * llm.headWidth() : llm.headWidth();
    }

    private long visionWidth(Joint joint) {
        StoredTensor fused = sources.get(joint.named("qkv"));
        return fused != null
                ? fused.shape()[0] / 3
                : Objects.requireNonNull(sources.get(joint.named("q"))).shape()[0];
    }
}
