using BillApis.Identity;
using BillApis.Invoicing;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary><c>/portal</c>: what a customer's people see, which is their own company's and nothing else. What is another's is answered like what does not exist.</summary>
internal static class PortalEndpoints
{
    public static void MapPortal(this IEndpointRouteBuilder api)
    {
        var portal = api.MapGroup("/portal").WithTags("Portal").In(Realm.Portal).RequiresSignIn();
        portal.MapAuth();
        portal.MapProfile();
        portal.MapPortalKeys();
        portal.MapDeveloperPortal();
        portal.MapGet("/subscriptions", ListSubscriptionsAsync).Requires("subscriptions").WithSummary("List your subscriptions, newest first");
        portal.MapGet("/subscriptions/{id}", GetSubscriptionAsync).Requires("subscriptions").WithSummary("Read one of your subscriptions");
        portal.MapGet("/contracts", ContractEndpoint.ListAsync).Requires("subscriptions").WithSummary("What your company has agreed to: each subscription's terms, prices and commitment, newest first");
        portal.MapGet("/usage", GetUsageAsync).Requires("usage").WithSummary("The usage of your subscriptions' current periods, and what it costs so far");
        portal.MapGet("/credits", ListCreditsAsync).Requires("credits").WithSummary("List your credit grants, newest first");
        portal.MapGet("/credits/balance", GetBalanceAsync).Requires("credits").WithSummary("The credit that you can use now");
        portal.MapGet("/invoices", ListInvoicesAsync).Requires("invoices").WithSummary("List your issued invoices, newest first");
        portal.MapGet("/invoices/{id}", GetInvoiceAsync).Requires("invoices").WithSummary("Read one of your invoices by id or number");
        portal.MapGet("/invoices/{id}/pdf", GetPdfAsync).Requires("invoices").WithSummary("Your invoice as PDF").WithMetadata(new FileType("application/pdf"));
        portal.MapGet("/invoices/{id}/html", GetHtmlAsync).Requires("invoices").WithSummary("Your invoice as a page that prints well").WithMetadata(new FileType("text/html; charset=utf-8"));
        portal.MapGet("/payments", ListPaymentsAsync).Requires("payments").WithSummary("List the payments of a page of your invoices, newest first");
        portal.MapGet("/credit-memos", ListMemosAsync).Requires("credit-memos").WithSummary("List your credit memos, newest first");
    }

    internal static Task<Page<SubscriptionResponse>> ListSubscriptionsAsync(Query<Paging> query, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken) =>
        SubscriptionEndpoints.ListAsync(new Query<SubscriptionQuery>(new SubscriptionQuery { Limit = query.Value.Limit, Cursor = query.Value.Cursor, CustomerId = Own(caller).ToString() }), caller, billing, clock, cancellationToken);

    internal static async Task<SubscriptionResponse> GetSubscriptionAsync(string id, Caller caller, Billing billing, IClock clock, CancellationToken cancellationToken)
    {
        var found = await billing.Subscriptions.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return found.Customer == Own(caller) ? await SubscriptionEndpoints.GetAsync(id, caller, billing, clock, cancellationToken).ConfigureAwait(false) : throw BillingException.NotFound("subscription", id);
    }

    internal static async Task<Page<PortalUsageResponse>> GetUsageAsync(Query<Paging> query, Caller caller, Billing billing, ChargedUsageReader charged, IUsageStore usage, IClock clock, CancellationToken cancellationToken)
    {
        var page = await billing.Subscriptions.ListAsync(caller.Tenant, query.Value.ToStoreQuery().With("customer_id", Own(caller).ToString()), cancellationToken).ConfigureAwait(false);
        var items = new List<PortalUsageResponse>();
        foreach (var subscription in page.Items)
        {
            items.Add(new PortalUsageResponse(subscription.Id, await SubscriptionUsage.GetAsync(subscription.Id.ToString(), caller, billing, charged, usage, clock, cancellationToken).ConfigureAwait(false)));
        }

        return new Page<PortalUsageResponse>(items, page.Next);
    }

    internal static Task<Page<CreditGrantResponse>> ListCreditsAsync(Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditEndpoints.ListAsync(new Query<CreditGrantQuery>(new CreditGrantQuery { Limit = query.Value.Limit, Cursor = query.Value.Cursor, CustomerId = Own(caller).ToString() }), caller, billing, cancellationToken);

    internal static Task<CreditBalanceResponse> GetBalanceAsync(Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditEndpoints.GetBalanceAsync(new Query<CustomerOfCredits>(new CustomerOfCredits { CustomerId = Own(caller).ToString() }), caller, billing, cancellationToken);

    internal static async Task<Page<InvoiceResponse>> ListInvoicesAsync(Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = await IssuedAsync(query.Value, caller, billing, cancellationToken).ConfigureAwait(false);
        return page.Select(InvoiceResponse.From);
    }

    internal static async Task<InvoiceResponse> GetInvoiceAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        InvoiceResponse.From(await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false));

    internal static async Task<FileResult> GetPdfAsync(string id, Caller caller, Billing billing, RestOptions options, CancellationToken cancellationToken)
    {
        var invoice = await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return await DocumentEndpoints.InvoicePdfAsync(invoice.Id.ToString(), caller, billing, options, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<FileResult> GetHtmlAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var invoice = await InvoiceAsync(id, caller, billing, cancellationToken).ConfigureAwait(false);
        return await DocumentEndpoints.InvoiceHtmlAsync(invoice.Id.ToString(), caller, billing, cancellationToken).ConfigureAwait(false);
    }

    internal static async Task<Page<PortalPaymentResponse>> ListPaymentsAsync(Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = await IssuedAsync(query.Value, caller, billing, cancellationToken).ConfigureAwait(false);
        return new Page<PortalPaymentResponse>(
            [.. page.Items.SelectMany(invoice => invoice.Payments.Reverse().Select(payment => new PortalPaymentResponse(payment.Id, invoice.Id, invoice.DisplayNumber, payment.Amount.Amount, payment.Amount.Currency, payment.Reference, payment.At)))],
            page.Next);
    }

    internal static Task<Page<CreditMemoResponse>> ListMemosAsync(Query<Paging> query, Caller caller, Billing billing, CancellationToken cancellationToken) =>
        CreditMemoEndpoints.ListAsync(new Query<CreditMemoQuery>(new CreditMemoQuery { Limit = query.Value.Limit, Cursor = query.Value.Cursor, CustomerId = Own(caller).ToString() }), caller, billing, cancellationToken);

    internal static CustomerId Own(Caller caller) => caller.Customer ?? throw new InvalidOperationException("Whoever calls the portal has a customer.");

    // Drafts are the seller's own; a page of them is shorter for it.
    private static async Task<Page<Invoice>> IssuedAsync(Paging paging, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var page = await billing.Invoices.ListAsync(caller.Tenant, paging.ToStoreQuery().With("customer_id", Own(caller).ToString()), cancellationToken).ConfigureAwait(false);
        return new Page<Invoice>([.. page.Items.Where(IsShown)], page.Next);
    }

    private static async Task<Invoice> InvoiceAsync(string id, Caller caller, Billing billing, CancellationToken cancellationToken)
    {
        var invoice = await billing.Invoices.GetAsync(caller.Tenant, id, cancellationToken).ConfigureAwait(false);
        return invoice.Customer == Own(caller) && IsShown(invoice) ? invoice : throw BillingException.NotFound("invoice", id);
    }

    private static bool IsShown(Invoice invoice) => invoice.IssuedAt is not null;
}

internal sealed record PortalUsageResponse(SubscriptionId SubscriptionId, SubscriptionUsageResponse Usage);

internal sealed record PortalPaymentResponse(PaymentId Id, InvoiceId InvoiceId, string? InvoiceNumber, decimal Amount, Currency Currency, string? Reference, Instant At);
