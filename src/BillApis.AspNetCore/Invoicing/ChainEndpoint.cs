using System.Collections.Immutable;
using BillApis.Invoicing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.AspNetCore;

/// <summary><c>/invoicing/verify</c>: whether every issued document is still what was issued.</summary>
internal static class ChainEndpoint
{
    public static void MapChain(this IEndpointRouteBuilder api) =>
        api.MapGet("/invoicing/verify", VerifyAsync).WithTags("Invoicing").Requires("invoices").WithSummary("Follow the hash chain of every series of invoices and credit memos");

    internal static async Task<ChainResponse> VerifyAsync(Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var report = await billing.Documents.VerifyAsync(caller.Tenant, cancellationToken).ConfigureAwait(false);
        return new ChainResponse(report.Faults.IsEmpty, report.Series, [.. report.Faults.Select(fault => new ChainFaultResponse(fault.Series, fault.Number, fault.Id, fault.Message))]);
    }
}

internal sealed record ChainResponse(bool Valid, ImmutableArray<SeriesReport> Series, ImmutableArray<ChainFaultResponse> Faults);

internal sealed record ChainFaultResponse(string Series, long Number, string? Id, string Message);
