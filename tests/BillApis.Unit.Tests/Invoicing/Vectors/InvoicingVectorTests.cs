using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Pricing.Vectors;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>The numbers of the peers' own public tests for invoices and credits, each under that peer's reading.</summary>
public sealed class InvoicingVectorTests
{
    // What no part of the project does yet; whoever builds it takes the category off here.
    private static readonly Dictionary<string, string> CreditsNotOurs = new()
    {
        ["allowance_window"] = "windows that open with the first usage: a late event would move them, and the order of arrival must not matter",
    };

    [Fact]
    public Task Invoices() => VectorRun.CheckAsync("invoices", Reasons.All, new Dictionary<string, string>(), vector => Task.FromResult(InvoiceVectors.Run(vector)));

    [Fact]
    public Task Credits() => VectorRun.CheckAsync("entitlements-credits", Reasons.All, CreditsNotOurs, vector => Task.FromResult(CreditVectors.Run(vector)));
}
