using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BillApis.Host.Tests;

/// <summary>Remembers which endpoints answered a test with success.</summary>
public sealed class CalledRoutes : IStartupFilter
{
    private readonly ConcurrentDictionary<string, bool> _called = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Succeeded => [.. _called.Keys];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (HttpContext context, RequestDelegate inner) =>
        {
            await inner(context);
            if (context.GetEndpoint() is RouteEndpoint endpoint && context.Response.StatusCode < 300)
            {
                _called[$"{context.Request.Method} /{endpoint.RoutePattern.RawText!.Trim('/')}"] = true;
            }
        });
        next(app);
    };
}
