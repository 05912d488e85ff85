package io.github.internvl;

import io.github.internvl.internal.checkpoint.Catalogue;
import io.github.internvl.internal.checkpoint.Checkpoint;
import io.github.internvl.internal.checkpoint.ModelConfig;
import io.github.internvl.internal.model.GraphFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the graphs that a model is computed with as files, so that they can be looked at and measured without Java.
 *
 * <p>No weights are needed, and none are written. Their contents may change with every version.
 */
public final class GraphExport {
    private GraphExport() {}

    /**
     * Writes {@code vision.pt} and {@code decoder.pt}, archives for {@code torch.jit.load}, and {@code graphs.json}: the
     * model's sizes, the tables of weights to bind and the calls that make a model of them.
     *
     * @param model a folder with config.json, or the name of a {@link KnownModel}
     * @param precision what is computed in; null: the best for the device
     * @param device {@code cpu}, for this machine's kernels, or {@code cuda:N}, which need not be there
     * @param folder where the files go; it comes into being
     * @throws CheckpointException if config.json is missing, damaged, or says something unknown
     * @throws InternVLException if the precision does not suit the checkpoint, or a file cannot be written
     * @throws IllegalArgumentException if there is no such device
     */
    public static void write(String model, @Nullable Precision precision, String device, Path folder) {
        DeviceMap.single(device); // looks at the name
        ModelConfig config = config(model);
        boolean packed = config.language().packedGroup() > 0;
        Precision stored = packed
                ? Precision.INT4
                : Precision.valueOf(config.storedFormat().name());
        Precision chosen = precision == null ? Placement.usual(stored, device) : precision;
        if (packed && chosen == Precision.INT8) {
            throw new InternVLException(model + ": 4-bit weights cannot be computed as INT8; use INT4");
        }
        DevicePlan plan = new DevicePlan(device, device, device, List.of(), device, Map.of());
        try {
            GraphFiles.write(config, new Placement(chosen, plan).format(false), folder);
        } catch (IOException e) {
            throw new InternVLException(folder + ": graphs cannot be written: " + e, e);
        }
    }

    private static ModelConfig config(String model) {
        Path folder = Path.of(model);
        if (Files.isDirectory(folder)) {
            return Checkpoint.config(folder);
        }
        return Catalogue.entries().stream()
                .filter(known -> known.id().equals(model) || known.id().endsWith("/" + model))
                .findFirst()
                .map(Catalogue.Entry::config)
                .orElseGet(() -> Checkpoint.config(folder));
    }
}
