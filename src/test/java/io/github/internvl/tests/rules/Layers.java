package io.github.internvl.tests.rules;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The dependencies of files (top-level classes) and the slices of the cycle test.
 *
 * <p>Each package is a slice. The root package is two: its data, which are types that reach nothing internal (requests, options,
 * answers, exceptions), and above them the API that runs the engine. Internal packages may use the data and not the API.
 */
final class Layers {
    static final SliceAssignment PACKAGES = new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return isData(type) ? SliceIdentifier.of("data of " + ROOT) : SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
            return "packages, with the data of the root package apart";
        }
    };

    private static final String ROOT = "io.github.internvl";
    private static final String INTERNAL = ROOT + ".internal.";
    private static final int LARGEST_KNOT = 3;

    private static final Map<String, Set<String>> FILES = files(Product.all());
    private static final Set<String> DATA = data();

    private Layers() {}

    /** Whether a class is data of the root package. */
    static boolean isData(JavaClass type) {
        return DATA.contains(file(type));
    }

    private static Set<String> data() {
        return FILES.keySet().stream()
                .filter(Layers::isRoot)
                .filter(file -> reachable(file).stream().noneMatch(other -> other.startsWith(INTERNAL)))
                .collect(Collectors.toSet());
    }

    private static boolean isRoot(String file) {
        return file.substring(0, file.lastIndexOf('.')).equals(ROOT);
    }

    /** The sets of more than three files each of which depends on all others, directly or not, in alphabetical order. */
    static List<List<String>> knots(JavaClasses classes) {
        Map<String, Set<String>> reached = new TreeMap<>();
        files(classes).keySet().forEach(file -> reached.put(file, reachable(file)));
        return reached.entrySet().stream()
                .map(from -> from.getValue().stream()
                        .filter(to -> reached.getOrDefault(to, Set.of()).contains(from.getKey()))
                        .sorted()
                        .toList())
                .filter(knot -> knot.size() > LARGEST_KNOT)
                .distinct()
                .toList();
    }

    private static Set<String> reachable(String file) {
        Set<String> found = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(FILES.getOrDefault(file, Set.of()));
        while (!open.isEmpty()) {
            String next = open.remove();
            if (found.add(next)) {
                open.addAll(FILES.getOrDefault(next, Set.of()));
            }
        }
        return found;
    }

    /** The files of the product that each file depends on. */
    private static Map<String, Set<String>> files(JavaClasses classes) {
        Map<String, Set<String>> files = new TreeMap<>();
        for (JavaClass type : classes) {
            Set<String> uses = files.computeIfAbsent(file(type), fresh -> new TreeSet<>());
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().startsWith(ROOT) && !file(target).equals(file(type))) {
                    uses.add(file(target));
                }
            }
        }
        return files;
    }

    private static String file(JavaClass type) {
        String name = type.getBaseComponentType().getName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }
}
