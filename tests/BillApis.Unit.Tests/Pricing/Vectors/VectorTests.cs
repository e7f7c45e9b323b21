using BillApis.Tests;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>
/// The numbers of the peers' own public tests, each under that peer's reading. What cannot pass stands in
/// <c>reasons.txt</c> with its reason; what stands there must fail, so that the list never grows old.
/// </summary>
public sealed class VectorTests
{
    [Fact]
    public void Charge_models() => Run("charge-models", ChargeModelVectors.Run);

    [Fact]
    public void Billing_dates() => Run("billing-dates", BillingDateVectors.Run);

    [Fact]
    public void Prorations() => Run("proration", ProrationVectors.Run);

    private static void Run(string file, Func<Vector, string?> run)
    {
        var vectors = Vector.Of(file);
        var reasons = File.ReadLines(Repository.PathOf("tests/BillApis.Unit.Tests/Pricing/Vectors/reasons.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(": ", 2))
            .ToDictionary(parts => parts[0], parts => parts[1]);
        var failures = vectors.Select(vector => (vector.Id, Problem: Try(run, vector))).Where(result => result.Problem is not null).ToList();
        failures.Where(failure => !reasons.ContainsKey(failure.Id)).Select(failure => $"{failure.Id}: {failure.Problem}").ShouldBeEmpty();
        vectors.Select(vector => vector.Id).Where(reasons.ContainsKey).Except(failures.Select(failure => failure.Id)).ShouldBeEmpty("these pass: take them off the list");
        failures.Count.ShouldBeLessThanOrEqualTo(vectors.Count / 20, "at most 5 % may be excused");
    }

    private static string? Try(Func<Vector, string?> run, Vector vector)
    {
        try
        {
            return run(vector);
        }
        catch (Exception problem) when (problem is BillingException or ArgumentException or InvalidOperationException or KeyNotFoundException or FormatException or NullReferenceException or OverflowException)
        {
            return $"{problem.GetType().Name} {problem.Message}";
        }
    }
}
