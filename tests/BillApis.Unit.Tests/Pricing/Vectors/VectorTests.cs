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
    public Task Charge_models() => RunAsync("charge-models", ChargeModelAsync);

    [Fact]
    public Task Billing_dates() => RunAsync("billing-dates", vector => Task.FromResult(BillingDateVectors.Run(vector)));

    [Fact]
    public Task Prorations() => RunAsync("proration", vector => Task.FromResult(ProrationVectors.Run(vector)));

    internal static Task<string?> ChargeModelAsync(Vector vector) => CalculatedVectors.CanSay(vector) ? Calculator.RunAsync(vector) : Task.FromResult(OpenMeterVectors.Line(vector));

    private static Task RunAsync(string file, Func<Vector, Task<string?>> run) => VectorRun.CheckAsync(file, Reasons.All, new Dictionary<string, string>(), run);

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
