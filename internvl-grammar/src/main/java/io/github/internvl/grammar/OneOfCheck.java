package io.github.internvl.grammar;

import com.google.gson.JsonElement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The check that no value matches two alternatives of {@code oneOf}: they differ by type, by constants, by a required property
 * with a constant, or by the names that closed objects require. Each alternative is compared only with those that an index does
 * not separate from it, so that thousands of constants or tagged objects take a look-up each.
 */
final class OneOfCheck {
    private final SchemaIdentity identity;
    private final Meter meter;

    OneOfCheck(SchemaIdentity identity, Meter meter) {
        this.identity = identity;
        this.meter = meter;
    }

    /** Rejects alternatives that may share a value; outer references must be resolved. */
    void requireApart(List<JsonElement> ways, String pointer) {
        List<AlternativeShape> shapes =
                ways.stream().map(way -> AlternativeShape.of(way, identity)).toList();
        for (String type : AlternativeShape.TYPES) {
            int[] own = IntStream.range(0, shapes.size())
                    .filter(i -> shapes.get(i).types().contains(type))
                    .toArray();
            new OfOneType(type, own, shapes, pointer).requireApart();
        }
    }

    /** The alternatives for values of one type, indexed by the features that tell them apart. */
    private final class OfOneType {
        private final String type;
        private final int[] all;
        private final List<AlternativeShape> shapes;
        private final String pointer;
        private final List<Integer> everyone;
        private final List<Integer> free = new ArrayList<>(); // of constants
        private final Map<String, List<Integer>> byConstant = new HashMap<>();
        private final List<Integer> open = new ArrayList<>(); // to names that they do not have
        private final Map<String, List<Integer>> byName = new HashMap<>();
        private final Map<String, Map<String, List<Integer>>> byProperty = new HashMap<>();
        private final Map<String, Integer> withProperty = new HashMap<>(); // how many
        private final Map<String, List<Integer>> withoutProperty = new HashMap<>();

        OfOneType(String type, int[] all, List<AlternativeShape> shapes, String pointer) {
            this.type = type;
            this.all = all;
            this.everyone = IntStream.of(all).boxed().toList();
            this.shapes = shapes;
            this.pointer = pointer;
            for (int i : all) {
                index(i, shapes.get(i));
            }
        }

        /** The alternatives without a property of listed values; the list is made for a property that is looked for. */
        private List<Integer> without(String property) {
            return withoutProperty.computeIfAbsent(property, name -> {
                meter.charge(all.length);
                return everyone.stream()
                        .filter(i -> !shapes.get(i).tags().containsKey(name))
                        .toList();
            });
        }

        private void index(int i, AlternativeShape shape) {
            meter.charge(1L + shape.names().size() + shape.constants().size());
            if (shape.constants().isEmpty()) {
                free.add(i);
            }
            shape.constants().forEach(constant -> add(byConstant, constant, i));
            if (!shape.isClosed()) {
                open.add(i);
            }
            shape.names().forEach(name -> add(byName, name, i));
            shape.tags().forEach((name, values) -> {
                meter.charge(values.size());
                withProperty.merge(name, 1, Integer::sum);
                values.forEach(value -> add(byProperty.computeIfAbsent(name, fresh -> new HashMap<>()), value, i));
            });
        }

        private static void add(Map<String, List<Integer>> index, String key, int i) {
            index.computeIfAbsent(key, fresh -> new ArrayList<>(1)).add(i);
        }

        void requireApart() {
            for (int i : all) {
                for (List<Integer> some : rivals(shapes.get(i))) {
                    meter.charge(some.size());
                    for (int j : some) {
                        if (j != i && !areApart(shapes.get(i), shapes.get(j))) {
                            throw SchemaError.unsupported(
                                    pointer,
                                    "alternatives " + Math.min(i, j) + " and " + Math.max(i, j)
                                            + " must not share a value, and it is not seen that they do not: give them"
                                            + " types of their own or a required property with a const, or write anyOf");
                        }
                    }
                }
            }
        }

        /** The alternatives that may share a value with one, found by the property that tells it apart from most. */
        private List<List<Integer>> rivals(AlternativeShape shape) {
            List<List<Integer>> best = List.of(everyone);
            if (!shape.constants().isEmpty()) {
                best = fewer(best, of(free, byConstant, shape.constants()));
            }
            if (type.equals("object")) {
                for (String name : shape.required()) {
                    best = fewer(best, of(open, byName, Set.of(name)));
                }
                for (Map.Entry<String, Set<String>> tag : shape.tags().entrySet()) {
                    String name = tag.getKey();
                    if (all.length - withProperty.getOrDefault(name, 0) < size(best)) {
                        best = fewer(best, of(without(name), byProperty.getOrDefault(name, Map.of()), tag.getValue()));
                    }
                }
            }
            return best;
        }

        private static List<List<Integer>> of(
                List<Integer> always, Map<String, List<Integer>> index, Set<String> keys) {
            List<List<Integer>> all = new ArrayList<>(List.of(always));
            keys.forEach(key -> all.add(index.getOrDefault(key, List.of())));
            return all;
        }

        private static List<List<Integer>> fewer(List<List<Integer>> one, List<List<Integer>> other) {
            return size(one) <= size(other) ? one : other;
        }

        private static long size(List<List<Integer>> several) {
            return several.stream().mapToLong(List::size).sum();
        }

        private boolean areApart(AlternativeShape one, AlternativeShape other) {
            boolean constants = !one.constants().isEmpty() && !other.constants().isEmpty();
            return (constants && AlternativeShape.areDisjoint(one.constants(), other.constants()))
                    || (type.equals("object") && one.isApartAsObject(other));
        }
    }
}
