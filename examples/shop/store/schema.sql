-- The write side: what the shop must not get wrong.
CREATE TABLE IF NOT EXISTS products (
    sku         TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents > 0),
    stock       INTEGER NOT NULL CHECK (stock >= 0)
);

CREATE TABLE IF NOT EXISTS orders (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    customer    TEXT NOT NULL,
    total_cents INTEGER NOT NULL CHECK (total_cents > 0),
    paid        INTEGER NOT NULL DEFAULT 0 CHECK (paid IN (0, 1))
);
CREATE INDEX IF NOT EXISTS orders_unpaid ON orders (customer) WHERE paid = 0;

CREATE TABLE IF NOT EXISTS order_lines (
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    sku         TEXT NOT NULL REFERENCES products (sku),
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    price_cents INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS payments (
    order_id    INTEGER PRIMARY KEY REFERENCES orders (id),
    method      TEXT NOT NULL,
    reference   TEXT NOT NULL,
    captured    INTEGER NOT NULL CHECK (captured IN (0, 1))
);

-- The read side: one row per line on the screen. Only the handlers of domain events write to it.
CREATE TABLE IF NOT EXISTS order_list (
    order_id    INTEGER PRIMARY KEY,
    placed_at   TEXT NOT NULL,
    customer    TEXT NOT NULL,
    summary     TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    status      TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'promised', 'paid')),
    method      TEXT
);
CREATE INDEX IF NOT EXISTS order_list_customer ON order_list (customer, order_id);

-- What is on the shelves on the first day.
INSERT INTO products (sku, name, price_cents, stock) VALUES
    ('TEAPOT',  'Cast-iron teapot',  6490,  60),
    ('MUG',     'Stoneware mug',     1450, 400),
    ('SENCHA',  'Sencha, 100 g',     1190, 500),
    ('ASSAM',   'Assam, 250 g',       990, 500),
    ('HONEY',   'Heather honey',      780, 300),
    ('GYOKURO', 'Gyokuro, 100 g',    4200,   5)
ON CONFLICT (sku) DO NOTHING;
