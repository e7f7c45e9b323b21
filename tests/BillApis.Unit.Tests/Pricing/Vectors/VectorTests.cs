using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Pricing;
using BillApis.Tests.Vectors;

namespace BillApis.Unit.Tests.Pricing.Vectors;

/// <summary>
/// The numbers of the peers' own public tests, each under that peer's reading. What cannot pass stands in
/// <c>reasons.txt</c> with its reason; what stands there must fail, so that the list never grows old.
/// </summary>
public sealed class VectorTests
{
    private static readonly CalculatedVectors Calculator = new(Calculate);

    [Fact]
    public Task Charge_models() => RunAsync("charge-models", vector => CalculatedVectors.CanSay(vector) ? Calculator.RunAsync(vector) : Task.FromResult(OpenMeterVectors.Line(vector)));

    [Fact]
    public Task Billing_dates() => RunAsync("billing-dates", vector => Task.FromResult(BillingDateVectors.Run(vector)));

    [Fact]
    public Task Prorations() => RunAsync("proration", vector => Task.FromResult(ProrationVectors.Run(vector)));

    private static async Task RunAsync(string file, Func<Vector, Task<string?>> run)
    {
        var vectors = Vector.Of(file);
        var failures = new Dictionary<string, string>();
        foreach (var vector in vectors)
        {
            if (await TryAsync(run, vector) is { } problem)
            {
                failures[vector.Id] = problem;
            }
        }

        failures.Where(failure => !Reasons.All.ContainsKey(failure.Key)).Select(failure => $"{failure.Key}: {failure.Value}").ShouldBeEmpty();
        vectors.Select(vector => vector.Id).Where(Reasons.All.ContainsKey).Except(failures.Keys).ShouldBeEmpty("these pass: take them off the list");
        failures.Count.ShouldBeLessThanOrEqualTo(vectors.Count / 20, "at most 5 % may be excused");
    }

    private static async Task<string?> TryAsync(Func<Vector, Task<string?>> run, Vector vector)
    {
        try
        {
            return await run(vector);
        }
        catch (Exception problem) when (problem is BillingException or ArgumentException or InvalidOperationException or KeyNotFoundException or FormatException or NullReferenceException or OverflowException)
        {
            return $"{problem.GetType().Name} {problem.Message}";
        }
    }

    private static Task<Calculated> Calculate(JsonObject request)
    {
        try
        {
            var quote = PriceCalculation.Quote(JsonSerializer.SerializeToElement(request));
            return Task.FromResult(new Calculated(JsonSerializer.SerializeToElement(quote, BillingJson.Options)));
        }
        catch (BillingException refusal)
        {
            return Task.FromResult(new Calculated(default, refusal.Details[0].Field));
        }
    }
}
