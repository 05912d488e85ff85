package io.github.internvl;

import io.github.internvl.internal.engine.Engine;
import io.github.internvl.internal.model.Footprint;
import io.github.internvl.internal.model.Models;
import io.github.internvl.internal.torch.CudaDevices;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory for keys and values that devices have left once they hold the weights: the size of the KV cache, and whether slots are
 * static where nothing is set.
 */
final class KeyMemory {
    private static final Logger LOG = LoggerFactory.getLogger(KeyMemory.class.getPackageName());
    private static final int LONGEST_SLOT = 8192; // tokens of a slot that is static without being asked for

    private final Footprint footprint;
    private final Models.Format format;
    private final ToLongFunction<String> free;

    /** @param free bytes that a device has free */
    KeyMemory(Footprint footprint, Models.Format format, ToLongFunction<String> free) {
        this.footprint = footprint;
        this.format = format;
        this.free = free;
    }

    /** Whether all devices are GPUs. */
    static boolean areGpus(Set<String> devices) {
        return !devices.isEmpty() && devices.stream().allMatch(CudaDevices::isCuda);
    }

    /** The limits with no more keys and values than there is room for, but one context. */
    Engine.Limits within(Engine.Limits limits) {
        long room = footprint.keyTokens(format, free, spare(limits));
        return limits.withKeyTokens(Math.min(limits.keyTokens(), Math.max(limits.contextTokens(), room)));
    }

    /**
     * Whether static slots are the default: the whole model is on GPUs, slots are of usual length, and all of them take up to half of
     * what each GPU has free, so that another model has room.
     */
    boolean suitsStaticSlots(Engine.Limits limits) {
        Set<String> devices = format.places().bytes().keySet();
        if (!areGpus(devices) || limits.contextTokens() > LONGEST_SLOT) {
            return false;
        }
        if (devices.stream().anyMatch(device -> free.applyAsLong(device) == Long.MAX_VALUE)) {
            return false; // nothing is known of it
        }
        long widened =
                format.shortKeys() ? footprint.widenedBytes(format.numbers().bytes(), limits.keyTokens()) : 0;
        long half = footprint.keyTokens(format, device -> free.applyAsLong(device) / 2, widened);
        return limits.keyTokens() <= Math.min(half, footprint.keyTokens(format, free, spare(limits) + widened));
    }

    /** Allocates static slots by default; whether there was memory for them after all. */
    boolean allocateByDefault(Models models, Engine.Limits limits) {
        long megabytes = (limits.keyTokens() * footprint.keyBytes(format)) >> 20;
        try {
            models.allocate(limits.slots(), limits.slotTokens());
        } catch (InternVLException e) {
            LOG.warn("no static slots: {} MB for them could not be allocated: {}", megabytes, e.getMessage());
            return false;
        }
        LOG.info(
                "static slots, the default here, take {} MB until the model closes; staticSlots(false) turns them off",
                megabytes);
        return true;
    }

    /** Bytes of each device for what is neither weights nor keys and values. */
    private long spare(Engine.Limits limits) {
        long step = footprint.stepBytes(format.numbers().bytes(), limits.chunkTokens());
        return Math.max(DeviceMap.HEADROOM, step + limits.visualBytes());
    }
}
