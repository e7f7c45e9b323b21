using System.Text.Json.Nodes;
using BillApis.Tests.Vectors;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>Runs the peers' facts of a file. What cannot pass stands in a list with its reason; what stands there must fail, so that the list never grows old.</summary>
internal static class VectorRun
{
    private const int Seed = 20261126;

    /// <param name="file">The file of facts.</param>
    /// <param name="reasons">Id to reason.</param>
    /// <param name="notOurs">The categories of parts that this project does not have, each with its reason; each must occur.</param>
    /// <param name="run">Answers what differs, or null.</param>
    public static async Task CheckAsync(string file, IReadOnlyDictionary<string, string> reasons, IReadOnlyDictionary<string, string> notOurs, Func<Vector, Task<string?>> run)
    {
        var all = Vector.Of(file);
        notOurs.Keys.Except(all.Select(vector => vector.Category)).ShouldBeEmpty("these categories do not occur: take them off the list");
        var vectors = all.Where(vector => !notOurs.ContainsKey(vector.Category)).ToList();
        var failures = new Dictionary<string, string>();
        foreach (var vector in vectors)
        {
            if (await TryAsync(run, vector) is { } problem)
            {
                failures[vector.Id] = problem;
            }
        }

        failures.Where(failure => !reasons.ContainsKey(failure.Key)).Select(failure => $"{failure.Key}: {failure.Value}").ShouldBeEmpty();
        vectors.Select(vector => vector.Id).Where(reasons.ContainsKey).Except(failures.Keys).ShouldBeEmpty("these pass: take them off the list");
        failures.Count.ShouldBeLessThanOrEqualTo(vectors.Count / 20, "at most 5 % may be excused");
    }

    /// <summary>Runs random variants of the peers' facts, which another count says the results of.</summary>
    /// <param name="vectors">The peers' facts.</param>
    /// <param name="times">How many variants there are of each.</param>
    /// <param name="vary">Makes the inputs of a variant from those of the peer.</param>
    /// <param name="count">The other count.</param>
    /// <param name="run">Answers what differs, or null.</param>
    public static void CheckVariants(IEnumerable<Vector> vectors, int times, Func<JsonObject, Random, JsonObject> vary, Func<JsonObject, JsonObject> count, Func<Vector, string?> run)
    {
        var random = new Random(Seed);
        var failures = new List<string>();
        foreach (var vector in vectors)
        {
            for (var i = 0; i < times; i++)
            {
                var inputs = vary(vector.Inputs, random);
                if (run(vector with { Inputs = inputs, Expected = count(inputs) }) is { } problem)
                {
                    failures.Add($"{vector.Id} as {inputs.ToJsonString()}: {problem}");
                }
            }
        }

        failures.ShouldBeEmpty();
    }

    private static async Task<string?> TryAsync(Func<Vector, Task<string?>> run, Vector vector)
    {
        try
        {
            return await run(vector);
        }
        catch (Exception problem) when (problem is BillingException or ArgumentException or InvalidOperationException or KeyNotFoundException or FormatException or NullReferenceException or ArithmeticException)
        {
            return $"{problem.GetType().Name} {problem.Message}";
        }
    }
}
