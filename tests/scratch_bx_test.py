import time, uuid, collections, sys
sys.path.insert(0,'/work/main/tests/api')
from conftest import *  # noqa
from sqlalchemy import event
import psycopg
from core.db import db

def test_count(app, patient, doctor, slot, at_time):
    log=[]
    orig=psycopg.Connection.execute
    def ex(self,q,*a,**k):
        log.append('CONN '+str(q)[:150]); return orig(self,q,*a,**k)
    psycopg.Connection.execute=ex
    oc=psycopg.Cursor.execute
    def cx(self,q,*a,**k):
        log.append(' '.join(str(q).split())[:260]); return oc(self,q,*a,**k)
    psycopg.Cursor.execute=cx
    @event.listens_for(db.engine,'commit')
    def c(conn): log.append('COMMIT')
    @event.listens_for(db.engine,'rollback')
    def r(conn): log.append('ROLLBACK')
    n=0
    for h,m in ((8,0),(8,20),(8,40),(9,0)):
        log.clear()
        t=time.process_time()
        a=patient.book('/appointments',at_time(h,m))
        t=time.process_time()-t
        assert a.status_code==201,a.json
        print(len(log),t)
    out=open('/tmp/bx/book.log','w'); out.write('\n'.join(log)); out.close()
    import cProfile,pstats
    for name,path in (('home','/'),):
        client=app.test_client()
        for i in range(3):
            log.clear()
            t=time.process_time()
            r=alone(lambda: client.get(path,headers={'Host':'frontalia.localhost:8000'},base_url='http://frontalia.localhost:8000'))
            print(name,r.status_code,len(log),time.process_time()-t)
        open('/tmp/bx/%s.log'%name,'w').write('\n'.join(log))
    import inspect
    from core.identity import sessions
    client.set_cookie(sessions.COOKIE,patient.token,domain='frontalia.localhost')
    for path in ('/appointments','/account','/','/search','/me'):
        for i in range(3):
            log.clear()
            t=time.process_time()
            r=alone(lambda: client.get(path,headers={'Host':'frontalia.localhost:8000'},base_url='http://frontalia.localhost:8000'))
            print(path,r.status_code,len(log),time.process_time()-t, r.headers.get('location'))
        open('/tmp/bx/p_%s.log'%path.strip('/'),'w').write('\n'.join(log))
