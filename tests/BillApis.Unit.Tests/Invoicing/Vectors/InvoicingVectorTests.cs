using System.Collections.Immutable;
using BillApis.Tests.Vectors;
using BillApis.Unit.Tests.Pricing.Vectors;

namespace BillApis.Unit.Tests.Invoicing.Vectors;

/// <summary>The numbers of the peers' own public tests for invoices and credits, each under that peer's reading.</summary>
public sealed class InvoicingVectorTests
{
    [Fact]
    public Task Invoices() => VectorRun.CheckAsync("invoices", Reasons.All, ImmutableDictionary<string, string>.Empty, vector => Task.FromResult(InvoiceVectors.Run(vector)));

    [Fact]
    public Task Credits() => VectorRun.CheckAsync("entitlements-credits", Reasons.All, ImmutableDictionary<string, string>.Empty, vector => Task.FromResult(CreditVectors.Run(vector)));
}
