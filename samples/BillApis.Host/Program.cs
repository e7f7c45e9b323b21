using BillApis;
using BillApis.Host;
using BillApis.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Https;

try
{
    var builder = WebApplication.CreateBuilder([.. args.Where(arg => arg != HostSettings.SplitFlag)]);
    var settings = HostSettings.Read(builder.Configuration, args.Contains(HostSettings.SplitFlag));
    builder.WebHost.UseUrls(settings.Urls).ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;

        // Whoever has a certificate may show it: an API key that is bound to one is held to its fingerprint, whoever issued it.
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        });
    });
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // What stops the start is told below, in one line.
    builder.Services.AddHsts(hsts => (hsts.MaxAge, hsts.IncludeSubDomains) = (TimeSpan.FromDays(365), true));
    settings.KeyRing(builder.Services.AddDataProtection().SetApplicationName("BillApis"));
    builder.Services.AddBilling(billing => settings.Storage(billing).UseRest(settings.Rest));

    await using var app = builder.Build();
    await app.Services.GetRequiredService<IMigrator>().MigrateAsync(default);
    app.Services.GetRequiredService<Billing>(); // A ledger that cannot be had is told now, not by the first invoice.
    if (settings.Proxies.Length > 0)
    {
        // Each proxy adds whom it heard from: from the last on, as far as those are proxies of ours.
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        settings.Proxies.ToList().ForEach(forwarded.KnownIPNetworks.Add);
        app.UseForwardedHeaders(forwarded);
    }

    // Named here, it comes after the proxies: a key is held to the address that they tell.
    app.UseAuthentication();
    app.UseHsts();
    app.MapBilling();
    await app.RunAsync();
    return 0;
}
catch (Exception exception) when (exception is SettingException or BillingException or IOException or ArgumentException { Source: "Microsoft.Data.Sqlite" or "Npgsql" or "System.Data.Common" })
{
    await Console.Error.WriteLineAsync($"The host cannot start: {(exception is ArgumentException ? "Billing:ConnectionString cannot be read: " : "")}{exception.Message.ReplaceLineEndings(" ")}");
    return 1;
}
