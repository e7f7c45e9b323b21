namespace BillApis.Tests.Vectors;

/// <summary>The vectors that do not pass, by id, each with its reason.</summary>
internal static class Reasons
{
    public static IReadOnlyDictionary<string, string> All { get; } =
        File.ReadLines(Repository.PathOf("tests/Shared/Vectors/reasons.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1]);
}
